import { expect } from '@jest/globals'
import type { DaemonStatistics } from '@sd/core'

/** The pids of the processes of the pool `subject` that take calls, as the statistics show them. */
export function readyProcesses(statistics: DaemonStatistics): number[] {
  const { subject } = statistics.plugins.workers as {
    subject: { processes: { pid: number; state: string }[] }
  }
  return subject.processes.filter(({ state }) => state === 'ready').map(({ pid }) => pid)
}

/** The daemon may not know yet that a process is dead. */
export function killIfAlive(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  } catch (error) {
    expect(error).toMatchObject({ code: 'ESRCH' })
  }
}
