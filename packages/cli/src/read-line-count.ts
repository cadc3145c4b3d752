import { SdError } from '@sd/core'

/**
 * What `--lines` says.
 *
 * @param most - more are not to be had.
 * @throws SdError `SD_CLI_USAGE`.
 */
export function readLineCount(lines: number, most: number): number {
  if (Number.isInteger(lines) && lines >= 0) return Math.min(lines, most)
  throw new SdError('SD_CLI_USAGE', `--lines must be a whole number from 0 on, not ${lines}.`)
}
