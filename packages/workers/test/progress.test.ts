import { describe, expect, jest, test } from '@jest/globals'
import {
  createRandom,
  openPool,
  passUntil,
  type Simulation,
  simulatePool,
  useSimulatedTime,
} from './simulated-pool.ts'

/** How many pools each test makes up. */
const POOLS = process.env.SD_SOAK ? 5000 : 80

useSimulatedTime()

describe('a pool that recycles', () => {
  test.each([
    ['one process, one call each', { size: 1, recycle: { calls: 1 } }, 20, 5],
    ['as many calls as run at a time', { size: 1, concurrency: 10, recycle: { calls: 10 } }, 50, 5],
    ['brief calls that are given ahead', { size: 1, recycle: { calls: 2 } }, 60, 0],
    ['an age that passes before a process is ready', { size: 2, recycle: { age: 1 } }, 30, 2],
    ['a memory that each process exceeds', { size: 2, recycle: { memory: 1 } }, 30, 2],
  ])('gets everything done: %s', async (_, options, count, duration) => {
    const simulation = simulatePool(options, 1)
    await openPool(simulation)
    const { work } = simulation.pool.client as { work(ms: number): Promise<number> }
    const calls = Array.from({ length: count }, () => work(duration))
    await passUntil(simulation, 100 * count, () => simulation.pool.pending === 0)
    expect([simulation.pool.pending === 0, idlyReplaced(simulation)]).toEqual([true, []])
    await expect(Promise.all(calls)).resolves.toEqual(new Array(count).fill(duration))
  })

  test('starts the replacement while the old process still has a long call', async () => {
    const simulation = simulatePool({ size: 1, concurrency: 4, recycle: { calls: 2 } }, 1)
    await openPool(simulation)
    const { work, never } = simulation.pool.client as {
      work(ms: number): Promise<number>
      never(): Promise<void>
    }
    const stuck = never()
    stuck.catch(() => {})
    const others = [work(1), work(1), work(1), work(1)]
    const returned = jest.fn()
    void Promise.all(others).then(returned)
    await passUntil(simulation, 1000, () => returned.mock.calls.length > 0)
    expect(returned).toHaveBeenCalledWith([1, 1, 1, 1])
    expect([...simulation.world.running]).toEqual([(stuck as unknown as { id: number }).id])
  })

  test(`makes progress whatever its limits are: ${POOLS} made-up pools`, async () => {
    for (let seed = 1; seed <= POOLS; seed++) {
      const { options, count, longest } = makeUpRecycling(createRandom(seed))
      const simulation = simulatePool(options, seed)
      const { pool, random, world } = simulation
      await openPool(simulation)
      const { work } = pool.client as { work(ms: number): Promise<number> }
      const calls = Array.from({ length: count }, () =>
        work(random() < 0.5 ? 0 : Math.ceil(random() * longest)),
      )
      await passUntil(simulation, 150 * count, () => pool.pending === 0)
      const facts = {
        seed,
        options,
        idle: pool.pending === 0,
        replacedIdly: idlyReplaced(simulation),
        faults: world.faults,
      }
      expect(facts).toEqual({ seed, options, idle: true, replacedIdly: [], faults: [] })
      await Promise.all(calls)
      expect(world.processes.length).toBeLessThanOrEqual(count + pool.size)
    }
  })
})

/** Processes that were replaced without having begun any call: a pool that does so may never get anything done. */
function idlyReplaced({ world }: Simulation): number[] {
  return world.processes.filter(({ drained, begun }) => drained && begun === 0).map(({ pid }) => pid)
}

function makeUpRecycling(random: () => number) {
  const pick = (most: number): number => 1 + Math.floor(random() * most)
  const recycle = {
    ...(random() < 0.7 && { calls: pick(12) }),
    ...(random() < 0.3 && { age: pick(60) }),
    ...(random() < 0.3 && { memory: pick(500) }),
  }
  const strategy = (['lazy', 'mixed', 'aggressive'] as const)[Math.floor(random() * 3)]
  const options = { size: pick(4), concurrency: random() < 0.5 ? 1 : pick(10), strategy, recycle }
  return { options, count: pick(60), longest: pick(20) }
}
