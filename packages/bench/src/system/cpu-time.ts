import { readdirSync, readFileSync } from 'node:fs'

/** Milliseconds that the threads of these processes, those that live, have been running. Only on Linux. */
export function readCpuTime(pids: readonly number[]): number {
  return pids.flatMap(readThreads).reduce((sum, time) => sum + time, 0)
}

function readThreads(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    // Nanoseconds that it ran, that it waited to run, and how often it ran.
    const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    return Number(ran) / 1e6
  })
}
