import { readdirSync, readFileSync } from 'node:fs'

/** The children of a process, by what they are. */
export interface Children {
  readonly living: readonly number[]
  /**
   * Those that have ended and were not reaped. Node reaps what it has started within milliseconds, and never what came
   * to it otherwise: from its life before an exec, or because it is process 1.
   */
  readonly ended: readonly number[]
}

/** The children of this process; none where there is no /proc. */
export function findChildren(): Children {
  if (process.platform !== 'linux') return { living: [], ended: [] }
  try {
    const all = readdirSync('/proc/self/task')
      .flatMap((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'latin1').split(' '))
      .map(Number)
      .filter((pid) => pid > 0)
    const { living = [], ended = [] } = Object.groupBy(all, (pid) => (hasEnded(pid) ? 'ended' : 'living'))
    return { living, ended }
  } catch {
    // A thread that has just ended, or a kernel that does not tell.
    return { living: [], ended: [] }
  }
}

/** proc_pid_stat(5): the state comes behind the name, which may hold anything. */
function hasEnded(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.startsWith('Z', stat.lastIndexOf(')') + 2)
  } catch {
    // Reaped meanwhile.
    return true
  }
}

/** What a process is, as `ps` shows it. */
export function describeProcess(pid: number): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return `${pid} (${command || 'ended'})`
  } catch {
    return String(pid)
  }
}
