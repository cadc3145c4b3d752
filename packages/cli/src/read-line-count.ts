import { SdError } from '@sd/core'

/**
 * Reads `--lines`.
 *
 * @param most - how many can be shown.
 * @throws SdError `SD_CLI_USAGE` for what is no number, or more than that: fewer without a word would look like all.
 */
export function readLineCount(lines: number, most: number): number {
  if (Number.isInteger(lines) && lines >= 0 && lines <= most) return lines
  const more = lines > most ? ' The log file has the rest: "sd-cli status DAEMON" names it.' : ''
  throw new SdError('SD_CLI_USAGE', `--lines must be a whole number from 0 to ${most} (${lines}).${more}`)
}
