import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, StartPool } from '../adapters/adapter.ts'
import { adapters } from '../adapters/adapters.ts'

/** Milliseconds that a pool has to end its workers. After them the process ends, and the runner sees to the rest. */
const CLOSING = 3000

/** Loads what a pool needs. */
export function loadPool(name: string): Promise<StartPool> {
  const adapter = adapters.find((adapter) => adapter.name === name)
  if (!adapter) throw new Error(`There is no pool ${name}.`)
  return adapter.load()
}

/** Starts a pool, measures with it, and ends it. */
export async function usePool<Result>(
  name: string,
  size: number,
  use: (pool: Pool) => Promise<Result>,
): Promise<Result> {
  const start = await loadPool(name)
  const pool = await start(size)
  try {
    return await use(pool)
  } finally {
    await Promise.race([pool.close(), sleep(CLOSING)])
  }
}

/** Has every worker of a pool start and do something. */
export async function wakeAll(pool: Pool, size: number): Promise<void> {
  // More than one each, because a pool may give one worker several.
  const naps = size > 1 ? size * 8 : 1
  await Promise.all(Array.from({ length: naps }, () => pool.call('nap', 20)))
}
