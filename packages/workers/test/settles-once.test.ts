import { describe, expect, test } from '@jest/globals'
import { createDeadline } from '@sd/core'
import type { Call } from '../src/index.ts'
import {
  createRandom,
  openPool,
  pass,
  passUntil,
  type Simulation,
  simulatePool,
  useSimulatedTime,
} from './simulated-pool.ts'

/** How many lives of a pool the test makes up. */
const LIVES = process.env.SD_SOAK ? 3000 : 80

useSimulatedTime()

describe('every call settles exactly once', () => {
  test(`in ${LIVES} made-up lives of a pool`, async () => {
    const ends: Record<string, number> = {}
    for (let seed = 1; seed <= LIVES; seed++) {
      const life = await live(seed)
      expect(life.facts).toEqual({ ...life.facts, settled: life.facts.calls, unsettled: [], faults: [] })
      for (const end of life.ends) ends[end] = (ends[end] ?? 0) + 1
    }
    // All ways for a call to end were among them.
    expect(Object.keys(ends).sort()).toEqual([
      'SD_WORKERS_CANCELLED',
      'SD_WORKERS_DIED',
      'SD_WORKERS_QUEUE_FULL',
      'SD_WORKERS_SHUTDOWN',
      'SD_WORKERS_TIMEOUT',
      'failed',
      'returned',
    ])
  }, 600_000)
})

/** One life: for a while calls are made, cancelled and retried, processes killed, the size changed. */
async function live(seed: number) {
  const random = createRandom(seed)
  const options = makeUpOptions(random)
  const simulation = simulatePool(options, seed)
  const calls: Call<unknown>[] = []
  const ends = new Map<number, string[]>()
  const follow = (call: Call<unknown>): void => {
    calls.push(call)
    const told: string[] = []
    ends.set(call.id, told)
    call.then(
      () => told.push('returned'),
      ({ code }) => told.push(code ?? 'failed'),
    )
  }
  await openPool(simulation)
  const steps = 5 + Math.floor(random() * 80)
  for (let step = 0; step < steps; step++) {
    disturb(simulation, random, calls, follow)
    if (random() < 0.6) await pass(simulation, Math.ceil(random() * 15))
  }
  await end(simulation, random)
  const unsettled = calls
    .filter(({ id }) => ends.get(id)!.length !== 1)
    .map(({ id, status }) => ({ id, status }))
  const settled = calls.length - unsettled.length
  for (const { id, retries } of calls) {
    const runs = simulation.world.runs.get(id) ?? 0
    if (runs > retries + 1)
      simulation.world.faults.push(`Call ${id} ran ${runs} times, with ${retries} retries.`)
  }
  const facts = { seed, options, calls: calls.length, settled, unsettled, faults: simulation.world.faults }
  return { facts, ends: [...ends.values()].flat() }
}

function disturb(
  { pool, world }: Simulation,
  random: () => number,
  calls: readonly Call<unknown>[],
  follow: (call: Call<unknown>) => void,
): void {
  const client = pool.client as Record<string, (ms: number) => Call<unknown>>
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)]
  const dice = random()
  if (dice < 0.6) {
    const method = pick(['work', 'work', 'work', 'work', 'fail', 'die', 'never'])!
    const count = random() < 0.2 ? 20 : 1
    for (let n = 0; n < count; n++) follow(client[method]!(random() < 0.4 ? 0 : Math.ceil(random() * 30)))
  } else if (dice < 0.75) pick(calls)?.cancel()
  else if (dice < 0.85) void pick(world.processes)?.kill()
  else if (dice < 0.93) pool.resize(1 + Math.floor(random() * 5))
  else {
    const call = pick(calls)
    const again = call?.retry()
    if (again && again !== call) follow(again)
  }
}

/** Either all that was begun is finished, or the pool is shut down on the spot. */
async function end(simulation: Simulation, random: () => number): Promise<void> {
  const { pool, clock } = simulation
  let over = false
  const isOver = (): boolean => over
  if (random() < 0.5) {
    void pool.drain().then(() => {
      over = true
    })
    await passUntil(simulation, 60_000, isOver)
  }
  over = false
  const deadline = createDeadline(clock, random() * 300)
  void pool
    .shutDown(deadline)
    .then(() => pool.close())
    .then(() => {
      over = true
    })
  await passUntil(simulation, 1000, isOver)
  deadline.cancel()
  await pass(simulation, 50)
}

function makeUpOptions(random: () => number) {
  const pick = (most: number): number => 1 + Math.floor(random() * most)
  return {
    size: pick(4),
    concurrency: random() < 0.5 ? 1 : pick(8),
    timeout: 10 + pick(100),
    retries: random() < 0.5 ? 0 : pick(3),
    killAfter: pick(20),
    strategy: (['lazy', 'mixed', 'aggressive'] as const)[Math.floor(random() * 3)]!,
    ...(random() < 0.3 && { maxQueue: pick(10) }),
    recycle: { ...(random() < 0.4 && { calls: pick(10) }), ...(random() < 0.2 && { age: pick(60) }) },
  }
}
