import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { median } from '../report/median.ts'
import { callAtOnce } from './call-at-once.ts'
import { usePool } from './use-pool.ts'
import { warmUpFor } from './warm-up.ts'
import type { Workload } from './workload.ts'

/** How cost grows with the calls that wait. @param exponent - of ten: how many calls are made at once. */
export function growth(exponent: number): Workload {
  const count = 10 ** exponent
  return {
    name: `growth-1e${exponent}`,
    title: `${count.toLocaleString('en')} calls that do nothing at once, 1 worker: time for each, and memory of the caller for each while all of them wait`,
    metrics: [
      { name: 'time', unit: 'µs/call', better: 'less' },
      { name: 'rate', unit: 'calls/s', better: 'more' },
      { name: 'memory', unit: 'bytes/call', better: 'less' },
    ],
    subjects: ['simple-daemon', 'socket-json'],
    quick: exponent === 4 || exponent === 6 ? ['simple-daemon'] : [],
    deadline: 120_000,
    measure: (subject, duration) =>
      usePool(subject, 1, async (pool) => {
        const warm = performance.now() + warmUpFor(duration)
        while (performance.now() < warm) await callAtOnce(pool, Math.min(count, 10_000))
        const times: number[] = []
        const end = performance.now() + duration
        do {
          const start = performance.now()
          await callAtOnce(pool, count)
          times.push(((performance.now() - start) * 1000) / count)
        } while (performance.now() < end)
        const time = median(times)
        const before = readUsedMemory()
        const calls = callAtOnce(pool, count)
        const memory = (readUsedMemory() - before) / count
        await calls
        return { time, rate: 1e6 / time, memory }
      }),
  }
}

/** Bytes that are in use after a garbage collection. */
function readUsedMemory(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
