import { median } from '../report/median.ts'
import { pools } from './subjects.ts'
import { usePool, wakeAll } from './use-pool.ts'
import type { Workload } from './workload.ts'

const WORKERS = 4
const CALLS = 20

/** Work that takes its time, on more workers than there may be cores. */
export const sieve: Workload = {
  name: 'sieve',
  title: `sieve(100000, 200000) ${CALLS} times at once on ${WORKERS} workers`,
  metrics: [{ name: 'time', unit: 's', better: 'less' }],
  subjects: pools,
  quick: ['simple-daemon', 'poolifier-cluster', 'fork-json'],
  measure: (subject, duration) =>
    usePool(subject, WORKERS, async (pool) => {
      const run = async (): Promise<number> => {
        const start = performance.now()
        await Promise.all(Array.from({ length: CALLS }, () => pool.call('sieve', [100_000, 200_000])))
        return (performance.now() - start) / 1000
      }
      await wakeAll(pool, WORKERS)
      await run()
      const times: number[] = []
      const end = performance.now() + duration
      do times.push(await run())
      while (performance.now() < end || times.length < 3)
      return { time: median(times) }
    }),
}
