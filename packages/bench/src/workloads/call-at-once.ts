import type { Pool } from '../adapters/adapter.ts'

/** Makes so many calls in one go, and waits for all. */
export function callAtOnce(pool: Pool, count: number): Promise<unknown> {
  const calls = new Array<PromiseLike<unknown>>(count)
  for (let n = 0; n < count; n++) calls[n] = pool.call('nothing', 1)
  return Promise.all(calls)
}
