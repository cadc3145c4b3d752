import { describe, expect, test } from '@jest/globals'
import { retryDelay } from '../src/call/retry-delay.ts'
import { CallQueue } from '../src/engine/call-queue.ts'
import { processesWanted, strategyFor } from '../src/engine/processes-wanted.ts'
import { recycleLimits } from '../src/engine/recycle-limits.ts'
import { MethodCounter } from '../src/pool/method-statistics.ts'
import { RecentStatuses } from '../src/pool/recent-statuses.ts'

describe('the queue', () => {
  interface Item {
    readonly id: number
    queued: boolean
  }
  const item = (id: number): Item => ({ id, queued: false })

  test('is first in, first out, and takes items back at its head', () => {
    const queue = new CallQueue<Item>()
    for (const id of [1, 2, 3]) queue.push(item(id))
    const first = queue.shift()!
    queue.unshift(first)
    expect(queue.peek()).toBe(first)
    expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()].map((taken) => taken?.id)).toEqual([
      1,
      2,
      3,
      undefined,
    ])
  })

  test('agrees with a plain array over random steps', () => {
    const queue = new CallQueue<Item>()
    const model: Item[] = []
    const seen: unknown[] = []
    const wanted: unknown[] = []
    let next = 0
    for (let step = 0; step < 20_000; step++) {
      const dice = Math.random()
      const added = item(next++)
      if (dice < 0.5) {
        queue.push(added)
        model.push(added)
      } else if (dice < 0.55) {
        queue.unshift(added)
        model.unshift(added)
      } else if (dice < 0.65 && model.length > 0) {
        const [removed] = model.splice(Math.floor(Math.random() * model.length), 1)
        queue.remove(removed!)
      } else {
        seen.push(queue.shift()?.id)
        wanted.push(model.shift()?.id)
      }
      seen.push(queue.size, queue.peek()?.id)
      wanted.push(model.length, model[0]?.id)
    }
    expect(seen).toEqual(wanted)
  })

  test('takes a hundred thousand items out as fast as it took them in', () => {
    const queue = new CallQueue<Item>()
    for (let id = 0; id < 100_000; id++) queue.push(item(id))
    let sum = 0
    for (let taken = queue.shift(); taken; taken = queue.shift()) sum += taken.id
    expect(sum).toBe((100_000 * 99_999) / 2)
  })
})

describe('the strategy', () => {
  test.each([
    [null, 'lazy'],
    [0, 'lazy'],
    [5000, 'lazy'],
    [2000, 'mixed'],
    [1001, 'mixed'],
    [1000, 'aggressive'],
    [50, 'aggressive'],
  ])('for an interval of %s is %s', (interval, strategy) => {
    expect(strategyFor(interval)).toBe(strategy)
  })

  const load = { size: 4, alive: 0, calls: 0, concurrency: 1, called: false }
  test.each([
    ['aggressive has all at once', { strategy: 'aggressive' as const }, 4],
    ['mixed has one at first', { strategy: 'mixed' as const }, 1],
    ['mixed has all once it was called', { strategy: 'mixed' as const, called: true }, 4],
    ['lazy has none at first', { strategy: 'lazy' as const }, 0],
    ['lazy has one per call', { strategy: 'lazy' as const, calls: 3, called: true }, 3],
    ['lazy has no more than the size', { strategy: 'lazy' as const, calls: 9 }, 4],
    ['lazy keeps those that are there', { strategy: 'lazy' as const, alive: 2, calls: 1 }, 2],
    ['lazy puts several calls in one process', { strategy: 'lazy' as const, calls: 9, concurrency: 5 }, 2],
  ])('%s', (_, change, wanted) => {
    expect(processesWanted({ ...load, ...change })).toBe(wanted)
  })
})

describe('recycling', () => {
  test('lowers calls and age by up to a quarter, and leaves memory', () => {
    const recycle = { calls: 100, age: 1000, memory: 5 }
    expect(recycleLimits(recycle, 0)).toEqual({ calls: 100, age: 1000, memory: 5 })
    expect(recycleLimits(recycle, 1)).toEqual({ calls: 75, age: 750, memory: 5 })
  })

  test('never happens where nothing is set, and never before the first call', () => {
    expect(recycleLimits({}, 0.5)).toEqual({ calls: Infinity, age: Infinity, memory: Infinity })
    expect(recycleLimits({ calls: 1 }, 1).calls).toBe(1)
  })
})

describe('the delay before a retry', () => {
  test('doubles each time up to 5 s, half of it at random', () => {
    expect([0, 1, 2, 3].map((retries) => retryDelay(retries, 1))).toEqual([50, 100, 200, 400])
    expect([0, 1, 2, 3].map((retries) => retryDelay(retries, 0))).toEqual([25, 50, 100, 200])
    expect(retryDelay(1000, 1)).toBe(5000)
  })
})

describe('statistics', () => {
  test('of a method count by status and measure what returned', () => {
    const counter = new MethodCounter()
    for (let duration = 1; duration <= 100; duration++) counter.settled('returned', duration)
    counter.settled('failed', 5000)
    counter.settled('cancelled', Number.NaN)
    counter.retried()
    expect(counter.read()).toEqual({
      count: 102,
      byStatus: { returned: 100, failed: 1, cancelled: 1 },
      retries: 1,
      mean: 50.5,
      median: 50,
      p99: 99,
    })
  })

  test('of no calls are zero', () => {
    expect(new MethodCounter().read()).toMatchObject({ count: 0, mean: 0, median: 0, p99: 0 })
  })

  test('remember the last thousand statuses', () => {
    const recent = new RecentStatuses()
    for (let id = 1; id <= 1500; id++) recent.add(id, 'returned')
    expect([recent.get(500), recent.get(501), recent.get(1500)]).toEqual([undefined, 'returned', 'returned'])
  })
})
