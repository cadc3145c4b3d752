import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'
import { identify } from '@sd/core/process-identity'
import type { LockHolder } from './holder.ts'

/** Which process this is, and where. */
export type OwnPlace = Pick<LockHolder, 'pid' | 'startTime' | 'thread' | 'host' | 'boot' | 'namespaces'>

/** What stays the same for as long as the process lives; asked for once, because it takes as long as the lock itself. */
let constants: Pick<OwnPlace, 'startTime' | 'boot' | 'namespaces'> | undefined

/** Asks the system who and where this process is. What it does not tell is left empty. */
export function readOwnPlace(): OwnPlace {
  constants ??= {
    startTime: identify(process.pid)?.startTime ?? '',
    boot: readBoot(),
    namespaces: ['pid', 'time'].map(readNamespace).join(' ').trim(),
  }
  return { ...constants, pid: process.pid, thread: threadId, host: hostname() }
}

/** Not derived from the wall clock, which jumps: `kern.boottime` jumps with it. */
function readBoot(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    if (process.platform === 'darwin') {
      return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim()
    }
  } catch {
    // Without it nobody's death can be proved, and ttls count.
  }
  return ''
}

/** Two containers may share a file and a kernel, and still count pids, or time, differently: `pid:[4026531836]`. */
function readNamespace(kind: string): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`)
  } catch {
    return ''
  }
}
