import { describe, expect, test } from '@jest/globals'
import { CallRunner, type GivenCall } from '../src/worker/call-runner.ts'

/** A runner whose surroundings write down what it does, with a clock that only the calls move. */
function createStage(options: { concurrency?: number; took?: (call: GivenCall) => number } = {}) {
  const events: string[] = []
  let now = 1
  let taken = true
  let onFlushed: (() => void) | undefined
  const results = new Map<number, PromiseWithResolvers<unknown>>()
  const runner = new CallRunner({
    concurrency: options.concurrency ?? 1,
    now: () => now,
    invoke(call) {
      events.push(`run ${call.id}`)
      now += options.took?.(call) ?? 1
      if (call.method === 'throws') throw new Error('thrown')
      if (call.method !== 'waits') return call.id
      const result = Promise.withResolvers<unknown>()
      results.set(call.id, result)
      return result.promise
    },
    onReturned: (call, _at, duration, value) => events.push(`returned ${call.id} ${value} in ${duration}`),
    onThrew: (call) => events.push(`threw ${call.id}`),
    onStarting: (lastId) => events.push(`starting to ${lastId}`),
    onWithdrawn: (ids) => events.push(`withdrawn ${ids.join()}`),
    flush() {
      events.push('flush')
      return taken
    },
    whenFlushed(done) {
      onFlushed = done
    },
  })
  let lastId = 0
  const give = (method: string, count = 1, presumed = false): void => {
    for (let n = 0; n < count; n++) runner.add({ id: ++lastId, method, args: [], retries: 0, presumed })
  }
  /** Lets a method become known as brief. */
  const teach = async (method: string, count = 40): Promise<void> => {
    give(method, count)
    await Promise.resolve()
    events.length = 0
  }
  return {
    runner,
    events,
    give,
    teach,
    end: (id: number) => results.get(id)!.resolve('done'),
    congest: () => {
      taken = false
    },
    relieve: () => {
      taken = true
      onFlushed!()
    },
  }
}

describe('a call of a method that is not known', () => {
  test('is announced, and the announcement out, before it runs', async () => {
    const { events, give } = createStage()
    give('add', 2)
    await Promise.resolve()
    expect(events).toEqual([
      'starting to 1',
      'flush',
      'run 1',
      'returned 1 1 in 1',
      'starting to 2',
      'flush',
      'run 2',
      'returned 2 2 in 1',
    ])
  })
})

describe('calls of a brief method', () => {
  test('are announced together, as many as take 50 microseconds', async () => {
    const { events, give, teach } = createStage({ took: () => 10 })
    await teach('add')
    give('add', 12)
    await Promise.resolve()
    expect(events.filter((event) => event.startsWith('starting'))).toEqual([
      'starting to 45',
      'starting to 50',
      'starting to 52',
    ])
    expect(events.filter((event) => event.startsWith('run'))).toHaveLength(12)
  })

  test('do not hold a result back when they turn out to take longer', async () => {
    const { events, give, teach } = createStage({ took: ({ id }) => (id === 42 ? 60 : 1) })
    await teach('add')
    give('add', 4)
    await Promise.resolve()
    expect(events).toEqual([
      'starting to 44',
      'flush',
      'run 41',
      'returned 41 41 in 1',
      'run 42',
      'returned 42 42 in 60',
      'flush',
      'run 43',
      'returned 43 43 in 1',
      'run 44',
      'returned 44 44 in 1',
    ])
  })

  test('wait behind one of an unknown method, so that the daemon has their results before it runs', async () => {
    const { events, give, teach } = createStage()
    await teach('add')
    give('add', 3)
    give('unknown')
    await Promise.resolve()
    const flush = events.lastIndexOf('flush')
    expect(events.slice(flush - 1)).toEqual(['starting to 44', 'flush', 'run 44', 'returned 44 44 in 1'])
    expect(events.indexOf('returned 43 43 in 1')).toBeLessThan(flush)
  })

  test('are on probation after a long one', async () => {
    const { events, give, teach } = createStage({ took: ({ id }) => (id === 41 ? 5000 : 1) })
    await teach('add', 41)
    give('add', 2)
    await Promise.resolve()
    expect(events.filter((event) => event.startsWith('starting'))).toEqual([
      'starting to 42',
      'starting to 43',
    ])
  })
})

test('a call that the daemon takes for started is not announced', async () => {
  const { events, give } = createStage()
  give('add', 1, true)
  await Promise.resolve()
  expect(events).toEqual(['run 1', 'returned 1 1 in 1'])
})

test('nothing starts before the system has its announcement', async () => {
  const { events, give, congest, relieve } = createStage()
  congest()
  give('add', 2)
  await Promise.resolve()
  expect(events).toEqual(['starting to 1', 'flush'])
  give('add')
  await Promise.resolve()
  expect(events).toEqual(['starting to 1', 'flush'])
  relieve()
  expect(events.filter((event) => event.startsWith('run'))).toEqual(['run 1', 'run 2', 'run 3'])
})

test('as many calls as allowed run at a time, and a promise that settles makes room', async () => {
  const { events, give, end } = createStage({ concurrency: 2 })
  give('waits', 3)
  await Promise.resolve()
  expect(events.filter((event) => event.startsWith('run'))).toEqual(['run 1', 'run 2'])
  end(2)
  await new Promise((resolve) => setImmediate(resolve))
  expect(events.slice(-4)).toEqual(['returned 2 done in 1', 'starting to 3', 'flush', 'run 3'])
})

test('calls that wait behind one that waits itself are given back within a moment', async () => {
  const { events, give, end } = createStage()
  give('waits', 3)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(events.at(-1)).toBe('withdrawn 2,3')
  end(1)
  give('add')
  await new Promise((resolve) => setImmediate(resolve))
  expect(events.at(-1)).toBe('returned 4 4 in 1')
})

test('a call that waits can be withdrawn, one that runs cannot', async () => {
  const { runner, events, give } = createStage()
  give('waits', 3)
  await Promise.resolve()
  expect([runner.withdraw(1), runner.withdraw(2), runner.withdraw(2)]).toEqual([false, true, false])
  expect(events.at(-1)).toBe('withdrawn 2')
})

test('a call that throws is told, and the next one runs', async () => {
  const { events, give } = createStage()
  give('throws')
  give('add')
  await Promise.resolve()
  expect(events.filter((event) => /threw|returned/.test(event))).toEqual(['threw 1', 'returned 2 2 in 1'])
})

test('stopping gives back what waits and waits for what runs', async () => {
  const { runner, events, give, end } = createStage()
  give('waits', 2)
  await Promise.resolve()
  let stopped = false
  const stopping = runner.stop().then(() => {
    stopped = true
  })
  give('add')
  await new Promise((resolve) => setImmediate(resolve))
  expect(events.slice(-2)).toEqual(['withdrawn 2', 'withdrawn 3'])
  expect(stopped).toBe(false)
  end(1)
  await stopping
  expect(events.at(-1)).toBe('returned 1 done in 1')
})

test('a long row of calls is run in order', async () => {
  const { events, give } = createStage()
  give('add', 5000)
  await Promise.resolve()
  const runs = events.filter((event) => event.startsWith('run'))
  expect(runs).toEqual(Array.from({ length: 5000 }, (_, index) => `run ${index + 1}`))
})
