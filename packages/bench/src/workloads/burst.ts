import { readPeakMemory } from '../system/memory.ts'
import { listDescendants } from '../system/processes.ts'
import { callAtOnce } from './call-at-once.ts'
import { keepInFlight } from './keep-in-flight.ts'
import { fastPools, pools } from './subjects.ts'
import { usePool } from './use-pool.ts'
import { warmUpFor } from './warm-up.ts'
import type { Workload } from './workload.ts'

const CALLS = 100_000

/** One hundred thousand calls in one go. */
export const burst: Workload = {
  name: 'burst',
  title: `${CALLS.toLocaleString('en')} calls that do nothing at once, 1 worker; the most memory that the caller, and the caller with its worker processes, ever had resident`,
  metrics: [
    { name: 'time', unit: 's', better: 'less' },
    { name: 'caller', unit: 'MiB', better: 'less' },
    { name: 'with workers', unit: 'MiB', better: 'less' },
  ],
  subjects: pools,
  quick: fastPools,
  deadline: 120_000,
  measure: (subject, duration) =>
    usePool(subject, 1, async (pool) => {
      await keepInFlight(() => pool.call('nothing', 1), 1000, warmUpFor(duration))
      const start = performance.now()
      await callAtOnce(pool, CALLS)
      const time = (performance.now() - start) / 1000
      const caller = readPeakMemory(process.pid)
      const workers = listDescendants(process.pid).map(readPeakMemory)
      return { time, caller, 'with workers': workers.reduce((sum, memory) => sum + memory, caller) }
    }),
}
