import { describe, expect, test } from '@jest/globals'
import { IdTable } from '../src/call/id-table.ts'
import { OriginRation } from '../src/call/origin-ration.ts'
import { Pace } from '../src/call/pace.ts'
import { CallWindow } from '../src/engine/call-window.ts'
import type { EngineCall } from '../src/engine/engine.ts'
import { mayLookAhead } from '../src/engine/look-ahead.ts'
import { readWorkerMessage } from '../src/engine/read-worker-message.ts'
import { Submission } from '../src/engine/submission.ts'

function paceOf(...durations: number[]): Pace {
  const pace = new Pace()
  for (const duration of durations) pace.add(duration)
  return pace
}

function submission(id: number, pace = paceOf(10)): Submission {
  return new Submission({ id } as EngineCall, pace)
}

describe('a table by id', () => {
  test('tells the lowest ids in their order', () => {
    const table = new IdTable<{ readonly id: number }>()
    for (let id = 1000; id > 0; id--) table.add({ id })
    for (let id = 1; id <= 500; id += 2) table.delete(id)
    expect(table.lowest(4).map(({ id }) => id)).toEqual([2, 4, 6, 8])
    expect(table.lowest(5000).map(({ id }) => id)).toEqual(
      table
        .values()
        .map(({ id }) => id)
        .sort((a, b) => a - b),
    )
    expect(new IdTable().lowest(4)).toEqual([])
  })

  test('agrees with a map over random steps', () => {
    const table = new IdTable<{ readonly id: number }>()
    const map = new Map<number, { readonly id: number }>()
    let next = 1
    let agreed = true
    for (let step = 0; step < 100_000; step++) {
      const add = Math.random() < (step % 20_000 < 10_000 ? 0.55 : 0.4)
      if (add) {
        const item = { id: next++ }
        table.add(item)
        map.set(item.id, item)
      } else {
        const id = next - Math.floor(Math.random() * 3000)
        agreed &&= table.delete(id) === map.get(id)
        map.delete(id)
      }
      const asked = next - Math.floor(Math.random() * 3000)
      agreed &&= table.get(asked) === map.get(asked) && table.size === map.size
    }
    expect(agreed).toBe(true)
    expect(new Set(table.values())).toEqual(new Set(map.values()))
  })

  test('holds a million and lets them go', () => {
    const table = new IdTable<{ readonly id: number }>()
    for (let id = 0; id < 1_000_000; id++) table.add({ id })
    let found = 0
    for (let id = 0; id < 1_000_000; id++) if (table.delete(id)?.id === id) found++
    expect([found, table.size, table.values()]).toEqual([1_000_000, 0, []])
  })
})

describe('the pace of a method', () => {
  test('is unknown at first', () => {
    expect(new Pace()).toMatchObject({ mean: Number.POSITIVE_INFINITY, brief: false })
  })

  test('is brief after 32 brief calls', () => {
    expect(paceOf(...new Array(31).fill(5)).brief).toBe(false)
    expect(paceOf(...new Array(32).fill(5)).brief).toBe(true)
    expect(paceOf(...new Array(100).fill(51)).brief).toBe(false)
  })

  test('is not brief for 64 calls after a long one', () => {
    const brief = new Array(40).fill(5)
    expect(paceOf(...brief, 1000, ...new Array(63).fill(5)).brief).toBe(false)
    expect(paceOf(...brief, 1000, ...new Array(64).fill(5)).brief).toBe(true)
  })

  test('follows what the last calls took', () => {
    expect(paceOf(...new Array(50).fill(10), ...new Array(50).fill(100)).mean).toBeCloseTo(100, 0)
  })
})

describe('looking ahead', () => {
  const given = (size: number, expected: number) => ({ size, expected })

  test.each<[string, boolean, number, number, number, number, number]>([
    // what, expected answer, calls at hand, their time, concurrency, pace, unread bytes
    ['a second brief call', true, 1, 1, 1, 1, 0],
    ['brief calls up to a millisecond of work', true, 500, 999, 1, 2, 0],
    ['brief calls beyond a millisecond of work', false, 500, 1000, 1, 2, 0],
    ['more than 512 calls', false, 513, 1, 1, 0, 0],
    ['the next one of calls of some milliseconds', true, 1, 3000, 1, 3000, 0],
    ['not the one after it', false, 2, 6000, 1, 3000, 0],
    ['nothing that takes longer than 5 ms', false, 1, 1, 1, 5001, 0],
    ['nothing about which nothing is known', false, 1, 1, 1, Number.POSITIVE_INFINITY, 0],
    ['nothing behind a call about which nothing is known', false, 1, 1e9, 1, 1, 0],
    ['nothing for a process that does not read', false, 1, 1, 1, 1, 300_000],
    ['more time for more calls at a time', true, 14, 3000, 10, 300, 0],
  ])('%s: %s', (_, answer, size, expected, concurrency, pace, unread) => {
    expect(mayLookAhead(given(size, expected), concurrency, paceOf(pace), unread)).toBe(answer)
  })
})

describe('the calls that a process was given', () => {
  test('start in their order, up to the one that is told', () => {
    const window = new CallWindow()
    for (const id of [3, 1, 7]) window.add(submission(id))
    expect(window.start(1)?.map(({ id }) => id)).toEqual([3, 1])
    expect(window.start(1)).toEqual([])
    expect(window.waiting.map(({ id }) => id)).toEqual([7])
    expect(window.started).toHaveLength(2)
    expect(window.start(99)).toBeUndefined()
  })

  test('can be given again after they were withdrawn', () => {
    const window = new CallWindow()
    const [first, second, third] = [submission(1), submission(2), submission(3)]
    for (const each of [first, second, third]) window.add(each)
    window.remove(second)
    window.add(second)
    expect(window.start(3)?.map(({ id }) => id)).toEqual([1, 3])
    expect(window.waiting).toEqual([second])
  })

  test('add up to a time, unknown ones to one without an end', () => {
    const window = new CallWindow()
    const known = submission(1, paceOf(250))
    window.add(known)
    window.add(submission(2, paceOf(50)))
    expect(window.expected).toBe(300)
    known.started = true
    window.remove(known)
    expect(window.expected).toBe(50)
    window.add(submission(3, new Pace()))
    expect(window.expected).toBeGreaterThan(1e8)
  })

  test('a long stream of them leaves nothing behind', () => {
    const window = new CallWindow()
    for (let id = 1; id <= 100_000; id++) {
      window.add(submission(id))
      if (id <= 10) continue
      window.start(id - 10)
      window.remove(window.get(id - 10)!)
    }
    expect([window.size, window.waiting.length, window.started.length]).toEqual([10, 10, 0])
  })
})

test('origins are recorded for hundreds at once, and then for one each 10 milliseconds', () => {
  const ration = new OriginRation(0)
  const taken = (now: number, count: number) =>
    Array.from({ length: count }, () => ration.take(now)).filter(Boolean).length
  expect(taken(0, 1000)).toBe(256)
  expect(taken(9, 10)).toBe(0)
  expect(taken(10, 10)).toBe(1)
  expect(taken(15, 10)).toBe(0)
  expect(taken(110, 100)).toBe(10)
  expect(taken(100_000, 1000)).toBe(256)
})

describe('a message of a worker', () => {
  test.each<[string, unknown]>([
    ['a result', [1, 5, 0, 1, { a: 1 }]],
    ['no result', [1, 5, 0, 1]],
    ['an error', [2, 5, 0, 1, { name: 'Error', message: '', stack: '', facts: {}, cause: { value: 1 } }]],
    ['a start', [0, 5, 100]],
    ['a withdrawal', [3, [1, 2]]],
    ['a line', [4, 'info', 'text', null]],
    ['its memory', [5, 1e8]],
  ])('that means something is taken: %s', (_, message) => {
    expect(readWorkerMessage(message)).toBe(message)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'hello'],
    ['an empty array', []],
    ['an unknown type', [6, 1]],
    ['a result without a number', [1, '5', 0, 1]],
    ['an error without an error', [2, 5, 0, 1]],
    ['an error with half an error', [2, 5, 0, 1, { name: 'Error' }]],
    [
      'an error with nonsense for a cause',
      [2, 5, 0, 1, { name: '', message: '', stack: '', facts: {}, cause: 5 }],
    ],
    ['a start without a time', [0, 5]],
    ['a withdrawal of one', [3, 1]],
    ['a withdrawal of texts', [3, ['1']]],
    ['a line of an unknown level', [4, 'loud', 'text', null]],
    ['a line without text', [4, 'info', 5, null]],
    ['no memory', [5]],
  ])('that means nothing is not: %s', (_, message) => {
    expect(readWorkerMessage(message)).toBeUndefined()
  })
})
