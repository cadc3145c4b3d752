import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode } from './error-codes.ts'
import type { LockFiles } from './lock-files.ts'

/** Permissions: of the group to write, to read and write, and all; of others to write. */
const [GROUP_WRITE, GROUP_READ_WRITE, GROUP_ALL, OTHERS_WRITE] = [0o020, 0o060, 0o070, 0o002]

/** Follows no link, and waits for no pipe. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

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
  // The record first: when the lock is the group's, its members can exchange what is in it.
  if (await share(record, around.mode & GROUP_READ_WRITE, around.gid)) {
    await share(lock, around.mode & GROUP_ALL, around.gid)
  }
}

/**
 * By an open file: a member of the group could have the path lead to another one meanwhile, which root would give away.
 *
 * @returns whether one may. Who is not in that group, and not root, can only keep it for itself.
 */
async function share(path: string, rights: number, group: number): Promise<boolean> {
  const handle = await open(path, FLAGS)
  try {
    const status = await handle.stat()
    const { uid, gid, mode, nlink } = status
    const isOwn = uid === process.geteuid?.() && (status.isDirectory() || (status.isFile() && nlink === 1))
    if (!isOwn) throw Object.assign(new Error(`ESTALE: ${path} was exchanged`), { code: 'ESTALE' })
    if (gid !== group) await handle.chown(-1, group)
    await handle.chmod((mode | rights) & 0o777)
    return true
  } catch (error) {
    if (hasCode(error, 'EPERM')) return false
    throw error
  } finally {
    await handle.close()
  }
}
