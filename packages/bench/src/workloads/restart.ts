import { setTimeout as sleep } from 'node:timers/promises'
import { listDescendants } from '../system/processes.ts'
import { kindOf, processPools } from './subjects.ts'
import { usePool } from './use-pool.ts'
import type { Workload } from './workload.ts'

/** Milliseconds that one call is waited for. */
const PATIENCE = 5000

/** A worker that is shot. */
export const restart: Workload = {
  name: 'restart',
  title:
    'From killing the one idle worker with SIGKILL to the next answer of the pool, a call that fails being made again after 1 ms',
  metrics: [{ name: 'time', unit: 'ms', better: 'less' }],
  subjects: processPools.filter((name) => kindOf(name) !== 'bare'),
  quick: [],
  repeats: 2,
  measure: (subject) =>
    usePool(subject, 1, async (pool) => {
      await pool.call('nothing', 1)
      await sleep(1100)
      const workers = listDescendants(process.pid)
      const start = performance.now()
      for (const pid of workers) process.kill(pid, 'SIGKILL')
      while (!(await isAnswered(pool.call('nothing', 1)))) await sleep(1)
      return { time: performance.now() - start }
    }),
}

async function isAnswered(call: PromiseLike<unknown>): Promise<boolean> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`No answer within ${PATIENCE} ms.`)), PATIENCE)
  try {
    return await Promise.race([
      call.then(
        () => true,
        () => false,
      ),
      late,
    ])
  } finally {
    clearTimeout(timer)
  }
}
