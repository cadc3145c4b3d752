import { lstatSync, readFileSync } from 'node:fs'
import type { ListedDaemon } from '@sd/control/client'
import { type ProcessIdentity, readIdentity } from '@sd/core/process-identity'

/**
 * The process of a daemon that answers, as it says itself. That is not always true here: in a container, pids are those of
 * others outside; and a daemon of another user could have root signal whomever it likes.
 *
 * @returns undefined where it is not that process, and nobody may be signalled.
 */
export function processOfDaemon({ path, daemon }: ListedDaemon): ProcessIdentity | undefined {
  const { pid, processStart } = daemon!
  const identity = readIdentity(pid)
  // Older ones do not tell when they have started.
  const isItself = processStart == null || processStart === identity?.startTime
  return identity && isItself && belongsToOwnerOf(path, pid) ? identity : undefined
}

/** Whether a process runs as the user whose socket that is. Of our own sockets it is not asked: the system asks then. */
export function belongsToOwnerOf(path: string, pid: number): boolean {
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid
  return owner === process.getuid?.() || owner === readUser(pid)
}

/** @returns the user id with which a process acts; undefined where it is not known. */
function readUser(pid: number): number | undefined {
  try {
    if (process.platform === 'linux') {
      // proc_pid_status(5): real, effective, saved, and of the file system.
      const found = /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
      return found ? Number(found[1]) : undefined
    }
    const { spawnSync } = process.getBuiltinModule('node:child_process')
    const { stdout } = spawnSync('ps', ['-o', 'uid=', '-p', String(pid)], { encoding: 'utf8' })
    return /^\s*\d+\s*$/.test(stdout) ? Number(stdout) : undefined
  } catch {
    return undefined
  }
}
