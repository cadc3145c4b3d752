import { describe, expect, test } from '@jest/globals'
import { JsonCheck } from '../src/channel/json-check.ts'

const check = new JsonCheck()
const shared = { a: 1 }
const cycle: unknown[] = []
cycle.push(cycle)

describe('JSON carries', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['a number', 1.5],
    ['a text with half a surrogate pair', 'a\ud800b'],
    ['a plain object', { a: 1, b: [true, 'x', null], c: { d: {} } }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['a key __proto__ of its own', JSON.parse('{"__proto__":{"a":1}}')],
    ['many objects', Array.from({ length: 100 }, (_, id) => ({ id, tags: ['a', 'b'] }))],
    ['an empty array', []],
  ])('%s as structured clone does', (_, value) => {
    expect(check.passes(value)).toBe(true)
    expect(JSON.parse(JSON.stringify(value))).toEqual(structuredClone(value))
  })
})

describe('JSON is not trusted with', () => {
  class Point {
    readonly x = 1
  }

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['undefined in an object', { a: undefined }],
    ['undefined in an array', [undefined]],
    ['a hole', new Array(3)],
    ['NaN', Number.NaN],
    ['an infinity', [Number.NEGATIVE_INFINITY]],
    ['minus zero', { zero: -0 }],
    ['a BigInt', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a date', new Date()],
    ['a map', new Map()],
    ['an error', new Error('x')],
    ['binary data', Buffer.from('x')],
    ['an instance of a class', new Point()],
    ['an array of a class of its own', new (class extends Array {})()],
    ['an array with named members', 'text'.match(/x/)],
    ['an array-like whose prototype is that of arrays', Object.create(Array.prototype)],
    ['an object that appears twice', [shared, shared]],
    ['an object that appears twice among many', [...Array.from({ length: 50 }, () => ({})), shared, shared]],
    ['a cycle', cycle],
    ['a list of a thousand nodes', Array.from({ length: 1000 }).reduce((next) => ({ next }), null)],
    ['a long text', 'x'.repeat(5000)],
    ['many numbers', new Array(1000).fill(1)],
  ])('%s', (_, value) => {
    expect(check.passes(value)).toBe(false)
    expect(check.passes([value])).toBe(false)
    expect(check.passes({ value })).toBe(false)
    expect(check.passes([1, [value]], 2)).toBe(false)
  })
})

test('what one message has shown does not count for the next', () => {
  expect([check.passes([shared]), check.passes([shared])]).toEqual([true, true])
})

test('what a getter throws is thrown, and forgotten', () => {
  const object = {
    get trap(): never {
      throw new Error('trapped')
    },
  }
  expect(() => check.passes([shared, object])).toThrow('trapped')
  expect(check.passes([shared])).toBe(true)
})

test('arrays made for the occasion are not examined themselves, what is in them is', () => {
  const args = Object.assign([1], { named: true })
  expect([check.passes([args]), check.passes([args], 1), check.passes([args], 2)]).toEqual([
    false,
    false,
    true,
  ])
  expect(check.passes([1, [[args]]], 2)).toBe(false)
})
