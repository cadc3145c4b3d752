import { dirname } from 'node:path'
import { ignoring } from './error-codes.ts'
import type { LockFiles } from './lock-files.ts'

/** Permissions of the group: to write, and all. */
const [GROUP_WRITE, GROUP_ALL] = [0o020, 0o070]

/**
 * Lets the group of a directory do with a lock what it may do with the directory itself: who may take a lock there must
 * also be able to take it over from somebody else who died, whatever that one's umask was.
 *
 * @param lock - a lock that nobody sees yet; it lies in the directory.
 * @param record - the file in it.
 */
export async function shareWithGroup(files: LockFiles, lock: string, record: string): Promise<void> {
  const around = await files.find(dirname(lock))
  if (!around || (around.mode & GROUP_WRITE) === 0) return
  for (const path of [lock, record]) {
    const own = (await files.find(path))!
    // Who is not in that group, and not root, can only keep it for itself.
    if (own.gid !== around.gid) await ignoring(['EPERM'], files.chown(path, -1, around.gid))
    await files.chmod(path, (own.mode | (around.mode & GROUP_ALL)) & 0o777)
  }
}
