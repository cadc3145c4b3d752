import { SdError } from '@sd/core'
import type { Output } from './output/output.ts'

/**
 * Reads `--lines`.
 *
 * @param most - how many can be shown; all that there are, where more are asked for.
 * @throws SdError `SD_CLI_USAGE`.
 */
export function readLineCount(lines: number, most: number): number {
  if (Number.isInteger(lines) && lines >= 0) return Math.min(lines, most)
  throw new SdError('SD_CLI_USAGE', `--lines must be a whole number from 0 on (${lines}).`)
}

/** Says that there may be more lines than were shown: as many as asked for would look like all. */
export function tellOfMoreLines(shown: number, asked: number, most: number, out: Output): void {
  if (shown < most || asked <= most) return
  out.say(
    `The last ${most} lines are shown, not ${asked}. "sd-cli status DAEMON" names the log file, which has all.`,
  )
}
