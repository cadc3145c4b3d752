import { percentile } from '../report/median.ts'
import { loadLoop, loops } from './loops.ts'
import type { Workload } from './workload.ts'

/** How punctual a loop is. @param interval - milliseconds. */
export function jitter(interval: number): Workload {
  return {
    name: `jitter-${interval}`,
    title: `A loop of ${interval} ms that does nothing: how far the time between two iterations is off, and how much later a minute ends than it should`,
    metrics: [
      { name: 'p99', unit: 'ms', better: 'less' },
      { name: 'drift', unit: 'ms/min', better: 'less' },
    ],
    subjects: Object.keys(loops),
    quick: [],
    measure: async (subject, duration) => {
      const run = await loadLoop(subject)
      const times: number[] = []
      const enough = Math.ceil((duration * 3) / interval)
      await run(interval, () => times.push(performance.now()) <= enough)
      const off = times.slice(1).map((time, n) => Math.abs(time - times[n]! - interval))
      const ran = times.at(-1)! - times[0]!
      const late = ran - (times.length - 1) * interval
      return { p99: percentile(off, 0.99), drift: (late / ran) * 60_000 }
    },
  }
}
