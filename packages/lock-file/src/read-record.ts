import { constants } from 'node:fs'
import { type LockHolder, parseHolder } from '@sd/lock'
import { hasCode } from './error-codes.ts'
import type { LockFiles } from './lock-files.ts'

/** Follows no link, and waits for no pipe. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Reads the record of a holder. `damaged`: it is not one, as after a loss of power. */
export async function readRecord(files: LockFiles, file: string): Promise<LockHolder | 'gone' | 'damaged'> {
  let text: string
  try {
    text = await files.readFile(file, { encoding: 'utf8', flag: FLAGS })
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'gone'
    if (hasCode(error, 'ELOOP', 'EISDIR')) return 'damaged'
    throw error
  }
  return parseHolder(text) ?? 'damaged'
}
