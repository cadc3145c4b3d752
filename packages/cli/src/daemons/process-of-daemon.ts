import { readFileSync } from 'node:fs'
import type { ListedDaemon } from '@sd/control/client'
import { type ProcessIdentity, readIdentity } from '@sd/core/process-identity'

/**
 * The process of a daemon that answers, as it says itself. That is not always true here: in a container, pids are those of
 * others outside; and a daemon of another user could have root signal any process.
 *
 * @returns undefined where it is not that process, and must not be signalled.
 */
export function processOfDaemon({ uid, daemon }: ListedDaemon): ProcessIdentity | undefined {
  const { pid, processStart } = daemon!
  const identity = readIdentity(pid)
  // Older ones do not tell when they have started.
  const isItself = processStart == null || processStart === identity?.startTime
  return identity && isItself && belongsTo(uid, pid) ? identity : undefined
}

/** Whether a process runs as a user. Of our own daemons it is not asked: they may have changed to another user. */
export function belongsTo(uid: number, pid: number): boolean {
  return uid === process.getuid?.() || readUsers(pid).every((user) => user === uid)
}

/** Whether a process runs as this user, and has not become another one since it was started. */
export function isOwnProcess(pid: number): boolean {
  const uid = process.getuid?.()
  return uid === undefined || readUsers(pid).every((user) => user === uid)
}

/** @returns the real, the effective and the saved user id of a process; an impossible one where they are not known. */
function readUsers(pid: number): number[] {
  try {
    if (process.platform === 'linux') {
      // proc_pid_status(5): real, effective, saved, and of the file system.
      const found = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
      return found ? found.slice(1).map(Number) : [Number.NaN]
    }
    const { spawnSync } = process.getBuiltinModule('node:child_process')
    const options = { encoding: 'utf8' } as const
    const { stdout } = spawnSync('ps', ['-o', 'ruid=,uid=,svuid=', '-p', String(pid)], options)
    const users = stdout.trim().split(/\s+/).map(Number)
    return users.length === 3 ? users : [Number.NaN]
  } catch {
    return [Number.NaN]
  }
}
