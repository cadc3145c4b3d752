import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import type { Life } from '@sd/control/life'
import { readLastLines } from './read-last-lines.ts'

/**
 * The last lines of the log file that a daemon's record names. Root is shown no file that way which the daemon's user
 * could not have written: a record may name any.
 *
 * @returns undefined where there is none, or none to be shown.
 */
export function readLogTail(
  { logFile, owner }: Pick<Life, 'logFile' | 'owner'>,
  count: number,
): string[] | undefined {
  if (logFile === null) return undefined
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  let descriptor: number
  try {
    // NONBLOCK: opening a named pipe must not wait for its writer.
    descriptor = openSync(logFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch {
    return undefined
  }
  try {
    const status = fstatSync(descriptor)
    const mayBeShown = process.getuid?.() !== 0 || status.uid === owner
    return status.isFile() && mayBeShown ? readLastLines(descriptor, count) : undefined
  } finally {
    closeSync(descriptor)
  }
}
