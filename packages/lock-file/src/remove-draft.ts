import { join } from 'node:path'
import { ignoring } from './error-codes.ts'
import { parseEntry } from './lock-entry.ts'
import type { LockFiles } from './lock-files.ts'

/**
 * Removes a draft of a lock: a directory with nothing but a record in it. Nothing else is removed, and nothing below it:
 * where others may write, they could have the path lead to anything meanwhile.
 */
export async function removeDraft(files: LockFiles, draft: string): Promise<void> {
  const names = (await ignoring(['ENOENT', 'ENOTDIR'], files.readdir(draft))) ?? []
  for (const name of names) {
    if (parseEntry(name)) await ignoring(['ENOENT', 'EISDIR'], files.unlink(join(draft, name)))
  }
  await ignoring(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'], files.rmdir(draft))
}
