import { setTimeout as sleep } from 'node:timers/promises'
import { readCpuTime } from '../system/cpu-time.ts'
import { listDescendants } from '../system/processes.ts'
import { pools } from './subjects.ts'
import { usePool, wakeAll } from './use-pool.ts'
import type { Workload } from './workload.ts'

const WORKERS = 4
/** Milliseconds until what the workers did is over. */
const REST = 1000

/** What a pool costs that does nothing. */
export const idleCpu: Workload = {
  name: 'idle-cpu',
  title: `Processor time of a caller and its ${WORKERS} workers that have nothing to do, in each second`,
  metrics: [{ name: 'cpu', unit: 'ms/s', better: 'less' }],
  subjects: pools,
  quick: [],
  measure: (subject, duration) =>
    usePool(subject, WORKERS, async (pool) => {
      await wakeAll(pool, WORKERS)
      await sleep(REST)
      const processes = [process.pid, ...listDescendants(process.pid)]
      const before = readCpuTime(processes)
      const start = performance.now()
      await sleep(duration * 3)
      const cpu = (readCpuTime(processes) - before) / ((performance.now() - start) / 1000)
      return { cpu }
    }),
}
