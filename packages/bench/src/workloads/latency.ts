import { percentile } from '../report/median.ts'
import { readCpuTime } from '../system/cpu-time.ts'
import { listDescendants } from '../system/processes.ts'
import { pools } from './subjects.ts'
import { usePool } from './use-pool.ts'
import { warmUpFor } from './warm-up.ts'
import type { Workload } from './workload.ts'

/** One call after the other. @param pinned - whether both sides share one core. */
export function latency(pinned: boolean): Workload {
  return {
    name: pinned ? 'latency-one-core' : 'latency',
    title: `One call that does nothing after the other, ${pinned ? 'all on one core' : 'all cores'}: time of a call, and processor time of both sides for it`,
    metrics: [
      { name: 'p50', unit: 'µs', better: 'less' },
      { name: 'p99', unit: 'µs', better: 'less' },
      { name: 'cpu', unit: 'µs', better: 'less' },
    ],
    subjects: pools,
    quick: [
      'simple-daemon',
      'piscina',
      'tinypool-process',
      'workerpool-process',
      'poolifier-cluster',
      'jest-worker-process',
      'fork-json',
      'socket-json',
    ],
    pinned,
    measure: (subject, duration) =>
      usePool(subject, 1, async (pool) => {
        const callOneByOne = async (duration: number): Promise<number[]> => {
          const times: number[] = []
          const end = performance.now() + duration
          for (let start = performance.now(); start < end; ) {
            await pool.call('nothing', 1)
            const now = performance.now()
            times.push((now - start) * 1000)
            start = now
          }
          return times
        }
        await callOneByOne(warmUpFor(duration))
        const processes = [process.pid, ...listDescendants(process.pid)]
        const cpuBefore = readCpuTime(processes)
        const times = await callOneByOne(duration)
        const cpu = ((readCpuTime(processes) - cpuBefore) * 1000) / times.length
        return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), cpu }
      }),
  }
}
