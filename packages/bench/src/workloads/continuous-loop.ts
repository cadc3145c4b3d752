import type { RunLoop } from './loops.ts'
import type { Workload } from './workload.ts'

/** A loop without a pause. */
export const continuousLoop: Workload = {
  name: 'loop',
  title: 'A loop of interval 0 that does nothing and lets input and output have their turn',
  metrics: [{ name: 'rate', unit: 'iterations/s', better: 'more' }],
  subjects: ['simple-daemon', 'setImmediate'],
  quick: ['simple-daemon', 'setImmediate'],
  measure: async (subject, duration) => {
    const run = subject === 'simple-daemon' ? await loadDaemonLoop() : runImmediates
    let iterations = 0
    let start = 0
    let end = 0
    await run(0, () => {
      // From the first iteration to the last: how long a daemon takes to start and to stop is another matter.
      if (iterations++ === 0) start = performance.now()
      end = performance.now()
      return end - start < duration
    })
    return { rate: (iterations * 1000) / (end - start) }
  },
}

async function loadDaemonLoop(): Promise<RunLoop> {
  return (await import('../programs/run-daemon-loop.ts')).runDaemonLoop
}

const runImmediates: RunLoop = async (_interval, iterate) => {
  while (iterate()) await new Promise((resolve) => setImmediate(resolve))
}
