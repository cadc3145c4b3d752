import { SdError } from '@sd/core'

/** Longer than any timer of Node may be. Seconds. */
const TOO_LONG = 2_000_000

/**
 * What `--timeout` says.
 *
 * @param seconds - 0: no limit.
 * @returns milliseconds.
 * @throws SdError `SD_CLI_USAGE`.
 */
export function readTimeout(seconds: number): number {
  if (seconds === 0) return Number.POSITIVE_INFINITY
  if (seconds > 0 && seconds < TOO_LONG) return seconds * 1000
  const message = `--timeout must be a number of seconds, 0 for no limit, not "${seconds}".`
  throw new SdError('SD_CLI_USAGE', message)
}
