import type { Logger } from '@sd/core'

const keepQuiet = (): void => {}
const complain = (_facts: unknown, message: string): void => void process.stderr.write(`${message}\n`)

/** A daemon's log that tells of trouble only. */
export const quietLogger: Logger = {
  debug: keepQuiet,
  info: keepQuiet,
  error: complain,
  fatal: complain,
}
