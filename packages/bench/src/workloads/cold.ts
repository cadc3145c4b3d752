import { pools } from './subjects.ts'
import { loadPool } from './use-pool.ts'
import type { Workload } from './workload.ts'

/** A pool from nothing. */
export const cold: Workload = {
  name: 'cold',
  title: 'From making a pool of 1 in a process that has imported all it needs, to the first result',
  metrics: [{ name: 'time', unit: 'ms', better: 'less' }],
  subjects: pools,
  quick: [
    'simple-daemon',
    'workerpool-process',
    'jest-worker-process',
    'fork-json',
    'fork-advanced',
    'socket-json',
  ],
  repeats: 4,
  measure: async (subject) => {
    const startPool = await loadPool(subject)
    const start = performance.now()
    const pool = await startPool(1)
    await pool.call('nothing', 1)
    const time = performance.now() - start
    await pool.close()
    return { time }
  },
}
