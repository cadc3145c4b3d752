import { readdirSync, readFileSync } from 'node:fs'

/** The children of this process, those included that have ended and were not reaped; none where there is no /proc. */
export function livingChildren(): number[] {
  if (process.platform !== 'linux') return []
  try {
    return readdirSync('/proc/self/task')
      .flatMap((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'latin1').split(' '))
      .map(Number)
      .filter((pid) => pid > 0)
  } catch {
    // A thread that has just ended, or a kernel that does not tell.
    return []
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
