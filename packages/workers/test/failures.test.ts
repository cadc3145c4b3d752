import { describe, expect, jest, test } from '@jest/globals'
import type { SdError } from '@sd/core'
import type { AnyCall } from '../src/options.ts'
import {
  openPool,
  pass,
  passUntil,
  type Simulation,
  simulatePool,
  useSimulatedTime,
} from './simulated-pool.ts'

interface Methods {
  work(ms: number): AnyCall
  fail(ms: number): AnyCall
  die(ms: number): AnyCall
  never(): AnyCall
  unknown(): AnyCall
}

async function open(options: object) {
  const simulation = simulatePool(options, 1)
  await openPool(simulation)
  return { ...simulation, simulation, client: simulation.pool.client as Methods }
}

/** Lets time pass until the call has settled; its failure is the test's to look at. */
async function settle(simulation: Simulation, call: AnyCall): Promise<{ readonly call: AnyCall }> {
  let settled = false
  const end = (): void => {
    settled = true
  }
  call.then(end, end)
  expect(await passUntil(simulation, 5000, () => settled)).toBe(true)
  return { call }
}

/** What handlers were told of, and the calls as they were then. */
function recordTold() {
  const told: string[] = []
  const tell = (name: string) => (call: AnyCall) => {
    const { code, name: kind } = call.error as SdError
    const settled = (call as AnyCall & { settled: boolean }).settled
    told.push(`${name} ${code ?? kind} ${call.status} ${call.retries}${settled ? ' settled' : ''}`)
  }
  return { told, onTimeout: tell('onTimeout'), onError: tell('onError') }
}

useSimulatedTime()

describe('handlers of failures', () => {
  test.each([
    ['fail', ['onError RangeError failed 0']],
    ['die', ['onTimeout SD_WORKERS_DIED failed 0', 'onError SD_WORKERS_DIED failed 0']],
    ['never', ['onTimeout SD_WORKERS_TIMEOUT timeout 0', 'onError SD_WORKERS_TIMEOUT timeout 0']],
    ['unknown', ['onError SD_WORKERS_UNKNOWN_METHOD failed 0']],
    ['work', []],
  ] as const)('are told before a call settles: %s', async (method, expected) => {
    const { told, ...handlers } = recordTold()
    const { simulation, client } = await open({ timeout: 100, ...handlers })
    await settle(simulation, client[method](1))
    expect(told).toEqual(expected)
  })

  test('are told once the retries of the option are used up', async () => {
    const { told, ...handlers } = recordTold()
    const { simulation, client } = await open({ timeout: 100, retries: 2, ...handlers })
    await settle(simulation, client.die(1))
    await settle(simulation, client.fail(1))
    expect(told).toEqual([
      'onTimeout SD_WORKERS_DIED failed 2',
      'onError SD_WORKERS_DIED failed 2',
      'onError RangeError failed 0',
    ])
  })

  test.each(['fail', 'die', 'never'] as const)('can have the same call go on: %s', async (method) => {
    const onError = jest.fn((call: AnyCall) => {
      if (call.retries < 2) expect(call.retry()).toBe(call)
    })
    const { simulation, client, world } = await open({ timeout: 100, onError })
    const { call } = await settle(simulation, client[method](1))
    expect([call.retries, onError.mock.calls.length, world.runs.get(call.id)]).toEqual([2, 3, 3])
    expect(world.faults).toEqual([])
  })

  test('of onError are not told of what onTimeout has tried again', async () => {
    const { told, onTimeout, onError } = recordTold()
    const { simulation, client } = await open({
      onTimeout(call: AnyCall) {
        onTimeout(call)
        if (call.retries === 0) void call.retry()
      },
      onError,
    })
    await settle(simulation, client.die(1))
    expect(told).toEqual([
      'onTimeout SD_WORKERS_DIED failed 0',
      'onTimeout SD_WORKERS_DIED failed 1',
      'onError SD_WORKERS_DIED failed 1',
    ])
  })

  test('that are both are told once, and can be removed', async () => {
    const handler = jest.fn()
    const { simulation, client, pool } = await open({ onTimeout: handler })
    const remove = pool.onError(handler)
    await settle(simulation, client.die(1))
    await settle(simulation, client.fail(1))
    expect(handler).toHaveBeenCalledTimes(2)
    remove()
    await settle(simulation, client.fail(1))
    expect(handler).toHaveBeenCalledTimes(2)
  })

  test('hear of a call that has no place, and can wait for one', async () => {
    const { simulation, client } = await open({
      maxQueue: 0,
      onError: (call: AnyCall) => void (call.retries < 20 && call.retry()),
    })
    const first = client.work(100)
    const second = client.work(1)
    await settle(simulation, second)
    expect(await second).toBe(1)
    expect([second.error, second.retries > 0, await first]).toEqual([undefined, true, 100])
  })

  test('may make calls of their own that fail', async () => {
    const { simulation, client } = await open({
      onError(call: AnyCall) {
        if (call.method !== 'fail' || call.retries > 0) return
        void client.unknown()
        void call.retry()
      },
    })
    expect((await settle(simulation, client.fail(1))).call.retries).toBe(1)
  })

  test('are not told of a cancelled call, and can cancel it without harm to its process', async () => {
    const onError = jest.fn((call: AnyCall) => call.cancel())
    const { simulation, client, world } = await open({ onError, killAfter: 10 })
    const waits = client.work(1000)
    waits.cancel()
    await settle(simulation, waits)
    expect(onError).not.toHaveBeenCalled()
    const { call: failed } = await settle(simulation, client.fail(1))
    expect([failed.status, onError.mock.calls.length]).toEqual(['cancelled', 1])
    const processes = world.processes.length
    await settle(simulation, client.work(50))
    expect(world.processes).toHaveLength(processes)
  })
})

describe('the timeout of a pool', () => {
  test('applies to calls that start from then on', async () => {
    const { simulation, client, pool } = await open({ timeout: 1000, concurrency: 2 })
    await settle(simulation, client.work(1))
    const before = client.work(400)
    await pass(simulation, 50)
    pool.timeout = 100
    expect(pool.timeout).toBe(100)
    expect((await settle(simulation, before)).call.status).toBe('returned')
    const after = client.never()
    await settle(simulation, after)
    expect(after.error).toMatchObject({ code: 'SD_WORKERS_TIMEOUT', timeout: 100 })
    const { running, timeout } = after.times
    expect(timeout! - running!).toBeLessThan(200)
  })

  test('ends a call that has less time than the one beside it', async () => {
    const { simulation, client, pool, clock } = await open({ timeout: 10_000, concurrency: 2 })
    client.work(5000).catch(() => {})
    await pass(simulation, 50)
    pool.timeout = 100
    const start = clock.now()
    const { call } = await settle(simulation, client.never())
    expect([call.status, clock.now() - start < 300]).toEqual(['timeout', true])
  })

  test('can be lifted, and set again', async () => {
    const { simulation, client, pool } = await open({ timeout: 100 })
    pool.timeout = 0
    expect((await settle(simulation, client.work(400))).call.status).toBe('returned')
    pool.timeout = 100
    expect((await settle(simulation, client.never())).call.status).toBe('timeout')
  })

  test('is checked as the option is', async () => {
    const { pool } = await open({ timeout: 100 })
    for (const wrong of [-1, Number.NaN, '5']) {
      expect(() => Object.assign(pool, { timeout: wrong })).toThrow(
        expect.objectContaining({ code: 'SD_WORKERS_OPTIONS', option: 'timeout' }),
      )
    }
    expect(pool.timeout).toBe(100)
  })
})

describe('a pool is idle', () => {
  test('while a call would start at once', async () => {
    const { simulation, client, pool } = await open({ size: 2 })
    const seen = [[pool.isIdle(), pool.pending]]
    const first = client.work(100)
    seen.push([pool.isIdle(), pool.pending])
    const second = client.work(100)
    seen.push([pool.isIdle(), pool.pending])
    void client.work(100)
    seen.push([pool.isIdle(), pool.pending])
    expect(seen).toEqual([
      [true, 0],
      [true, 1],
      [false, 2],
      [false, 3],
    ])
    await settle(simulation, second)
    await settle(simulation, first)
    await passUntil(simulation, 1000, () => pool.pending === 0)
    expect([pool.isIdle(), pool.pending]).toEqual([true, 0])
    void pool.drain()
    expect(pool.isIdle()).toBe(false)
  })

  test('not while no process may be started', async () => {
    const { simulation, client, pool, world } = await open({ size: 1 })
    world.spawnDelay = 1000
    expect(pool.isIdle()).toBe(false)
    world.spawnDelay = 0
    await settle(simulation, client.work(1))
    world.spawnDelay = 1000
    expect(pool.isIdle()).toBe(true)
  })
})
