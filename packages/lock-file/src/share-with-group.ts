import { dirname } from 'node:path'
import { hasCode } from './error-codes.ts'
import type { LockFiles } from './lock-files.ts'

/** Permissions: of the group to write, to read and write, and all; of others to write. */
const [GROUP_WRITE, GROUP_READ_WRITE, GROUP_ALL, OTHERS_WRITE] = [0o020, 0o060, 0o070, 0o002]

/**
 * Lets the group of a directory do with a lock what it may do with the directory itself: who may take a lock there must
 * also be able to take it over from somebody else who died, whatever that one's umask was. Where everybody may write, a lock
 * is its owner's.
 *
 * @param lock - a lock that nobody sees yet; it lies in the directory.
 * @param record - the file in it.
 */
export async function shareWithGroup(files: LockFiles, lock: string, record: string): Promise<void> {
  const around = await files.find(dirname(lock))
  if (!around || (around.mode & GROUP_WRITE) === 0 || (around.mode & OTHERS_WRITE) !== 0) return
  for (const [path, most] of [
    [lock, GROUP_ALL],
    [record, GROUP_READ_WRITE],
  ] as const) {
    const own = (await files.find(path))!
    // Who is not in that group, and not root, can only keep it for itself.
    if (own.gid !== around.gid && !(await giveToGroup(files, path, around.gid))) return
    await files.chmod(path, (own.mode | (around.mode & most)) & 0o777)
  }
}

/** @returns whether one may. */
async function giveToGroup(files: LockFiles, path: string, group: number): Promise<boolean> {
  try {
    await files.chown(path, -1, group)
    return true
  } catch (error) {
    if (hasCode(error, 'EPERM')) return false
    throw error
  }
}
