import { renameSync, rmSync } from 'node:fs'
import { moveWithoutOverwriting } from '@sd/core/directory'
import { isSamePid, lookAtPidFile, type PidRecord } from './pid-file.ts'

/**
 * Removes the pid file of a process that has ended, or an empty one. A daemon that starts may put its own there at any moment. So it is first
 * taken aside, which only one can do, and looked at again: what is not the dead one's is put back, unless there is a newer one.
 *
 * @returns whether it was the dead one's.
 */
export function removeDeadPidFile(path: string, dead: PidRecord | 'empty'): boolean {
  const isDead = (file: string): boolean => {
    const found = lookAtPidFile(file)
    if (found === undefined || found === 'empty' || dead === 'empty') return found === dead
    return isSamePid(found, dead)
  }
  if (!isDead(path)) return false
  const aside = `${path}.${process.pid}.${process.hrtime.bigint()}.old`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  try {
    if (isDead(aside)) return true
    putBack(aside, path)
    return false
  } finally {
    rmSync(aside, { force: true })
  }
}

function putBack(aside: string, path: string): void {
  try {
    moveWithoutOverwriting(aside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
