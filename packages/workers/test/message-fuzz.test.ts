import { expect, test } from '@jest/globals'
import { isFlatError, reviveError } from '@sd/process/exchange'
import { readWorkerMessage } from '../src/engine/read-worker-message.ts'

/** What may stand anywhere in a message: JSON has these, and structured clone some more. */
const PARTS: readonly unknown[] = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  99,
  -1,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  'info',
  'x'.repeat(5000),
  null,
  undefined,
  true,
  10n,
  [],
  [1],
  {},
  new Map(),
  new Date(Number.NaN),
  new Error('x'),
  Object.create(null),
  JSON.parse('{"__proto__":{"polluted":1},"toString":1,"constructor":2,"then":3,"name":4}'),
]

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)]!
}

function makeFlat(depth: number): unknown {
  const parts = ['name', 'message', 'stack', 'facts', 'cause', 'errors', '__proto__', 'toString']
  const flat: Record<string, unknown> = {
    name: pick(['Error', 'SdError', 'toString', '__proto__']),
    message: 'm',
    stack: 's',
  }
  flat.facts = pick([{}, PARTS.at(-1), { code: 'X' }, { code: 5 }, []])
  if (depth > 0 && Math.random() < 0.5) flat.cause = makeFlat(depth - 1)
  if (depth > 0 && Math.random() < 0.3) flat.errors = [makeFlat(depth - 1), makeFlat(depth - 1)]
  if (Math.random() < 0.2) Object.defineProperty(flat, pick(parts), { value: pick(PARTS), enumerable: true })
  return flat
}

test('whatever a worker sends is a message of which all parts are what they should be, or none', () => {
  let taken = 0
  for (let round = 0; round < 20_000; round++) {
    const given = Array.from({ length: Math.floor(Math.random() * 6) }, () => pick([...PARTS, makeFlat(2)]))
    const message = readWorkerMessage(pick<unknown>([given, given, given, pick(PARTS)]))
    if (!message) continue
    taken++
    if (message[0] === 4) expect(typeof message[2]).toBe('string')
    else if (message[0] !== 3) expect(Number.isFinite(message[1])).toBe(true)
    else expect(message[1].every(Number.isFinite)).toBe(true)
  }
  expect(taken).toBeGreaterThan(100)
})

test('whatever error a worker sends is one that can be read, or none', () => {
  let revived = 0
  for (let round = 0; round < 20_000; round++) {
    const flat = makeFlat(4)
    if (!isFlatError(flat)) continue
    revived++
    const error = reviveError(flat)
    if (!(error instanceof Error) || typeof String(error) !== 'string' || typeof error.stack !== 'string') {
      throw new Error(`Not an error: ${JSON.stringify(flat)}`)
    }
    if ('polluted' in error) throw new Error('Its prototype is another one.')
  }
  expect(revived).toBeGreaterThan(1000)
  expect('polluted' in {}).toBe(false)
})
