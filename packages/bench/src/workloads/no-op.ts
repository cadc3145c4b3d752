import { keepInFlight } from './keep-in-flight.ts'
import { fastPools, pools } from './subjects.ts'
import { usePool, wakeAll } from './use-pool.ts'
import { warmUpFor } from './warm-up.ts'
import type { Workload } from './workload.ts'

const IN_FLIGHT = 1000

/** Calls that do nothing, 1000 of them in flight. @param size - workers. */
export function noOp(size: number): Workload {
  return {
    name: `no-op-${size}`,
    title: `Calls that do nothing, ${IN_FLIGHT} in flight, ${size} worker${size > 1 ? 's' : ''}`,
    metrics: [{ name: 'rate', unit: 'calls/s', better: 'more' }],
    subjects: pools,
    quick: fastPools,
    measure: (subject, duration) =>
      usePool(subject, size, async (pool) => {
        const call = (): PromiseLike<unknown> => pool.call('nothing', 1)
        await wakeAll(pool, size)
        await keepInFlight(call, IN_FLIGHT, warmUpFor(duration))
        return { rate: await keepInFlight(call, IN_FLIGHT, duration) }
      }),
  }
}
