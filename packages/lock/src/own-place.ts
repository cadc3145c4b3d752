import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'
import { identify } from '@sd/core/process-identity'
import type { LockHolder } from './holder.ts'

/** Which process this is, and where. */
export type OwnPlace = Pick<LockHolder, 'pid' | 'startTime' | 'thread' | 'host' | 'boot' | 'namespaces'>

/** Asks the system who and where this process is. What it does not tell is left empty. */
export function readOwnPlace(): OwnPlace {
  return {
    pid: process.pid,
    startTime: identify(process.pid)?.startTime ?? '',
    thread: threadId,
    host: hostname(),
    boot: readBoot(),
    namespaces: ['pid', 'time'].map(readNamespace).join(' ').trim(),
  }
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
