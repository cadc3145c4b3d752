import { percentile } from '../report/median.ts'
import { callAtRate } from './call-at-rate.ts'
import { keepInFlight } from './keep-in-flight.ts'
import { pools } from './subjects.ts'
import { usePool } from './use-pool.ts'
import { warmUpFor } from './warm-up.ts'
import type { Workload } from './workload.ts'

const SHARE = 0.8

/** How long calls take while the pool is busy, but not too busy. */
export const tail: Workload = {
  name: 'tail',
  title: `Calls that do nothing, arriving evenly at ${SHARE * 100} % of the rate that the same pool of 1 managed before with 1000 in flight; a call's time counts from when it was due, whether or not the caller was late`,
  metrics: [
    { name: 'p50', unit: 'µs', better: 'less' },
    { name: 'p99', unit: 'µs', better: 'less' },
    { name: 'arriving', unit: 'calls/s', better: 'more' },
  ],
  subjects: pools,
  quick: [],
  measure: (subject, duration) =>
    usePool(subject, 1, async (pool) => {
      const call = (): PromiseLike<unknown> => pool.call('nothing', 1)
      await keepInFlight(call, 1000, duration)
      const rate = SHARE * (await keepInFlight(call, 1000, duration))
      await callAtRate(call, rate, warmUpFor(duration))
      const times = await callAtRate(call, rate, duration)
      return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), arriving: rate }
    }),
}
