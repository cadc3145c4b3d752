import { describe, expect, test } from '@jest/globals'
import { SdError } from '@sd/core'
import { findUnclonable, flattenError, isFlatError, reviveError } from '@sd/process/exchange'

describe('an error', () => {
  const roundTrip = (error: unknown): Error => reviveError(structuredClone(flattenError(error)))

  test('keeps its built-in class, or the name of its own', () => {
    expect(roundTrip(new RangeError('r'))).toBeInstanceOf(RangeError)
    const own = new (class Own extends Error {
      override name = 'Own'
    })('o')
    expect(roundTrip(own)).toMatchObject({ name: 'Own', message: 'o' })
    expect(roundTrip(new SdError('SD_X', 'x', { fact: 1 }))).toBeInstanceOf(SdError)
    expect(roundTrip(new SdError('SD_X', 'x', { fact: 1 }))).toMatchObject({ code: 'SD_X', fact: 1 })
  })

  test('keeps its causes, and ends where they go in a circle', () => {
    const error = new Error('top', { cause: new TypeError('middle', { cause: { plain: true } }) })
    const back = roundTrip(error) as Error & { cause: Error & { cause: unknown } }
    expect(back.cause).toBeInstanceOf(TypeError)
    expect(back.cause.cause).toEqual({ plain: true })
    const circle = new Error('circle')
    circle.cause = circle
    expect(roundTrip(circle).message).toBe('circle')
  })

  test('that gathers others keeps them', () => {
    const back = roundTrip(
      new AggregateError([new RangeError('one'), new Error('two')], 'all'),
    ) as AggregateError
    expect(back).toBeInstanceOf(AggregateError)
    expect(back.errors[0]).toBeInstanceOf(RangeError)
  })

  test('is told from what only looks like one', () => {
    const flat = flattenError(new Error('top', { cause: new AggregateError([new Error('one')], 'all') }))
    expect(isFlatError(flat)).toBe(true)
    for (const change of [{ stack: 1 }, { facts: null }, { cause: 'text' }, { errors: [{}] }]) {
      expect(isFlatError({ ...flat, ...change })).toBe(false)
    }
    expect(isFlatError(null)).toBe(false)
  })

  test('shows what cannot be cloned as text', () => {
    const error = Object.assign(new Error('e'), { socket: { write() {} }, fine: [1] })
    expect(roundTrip(error)).toMatchObject({ fine: [1], socket: expect.stringContaining('write') })
  })
})

describe('an unclonable value is found', () => {
  const callback = () => 1
  test.each<[string, unknown, string | undefined]>([
    ['at the top', callback, 'args'],
    ['in an array', [1, [callback]], 'args[1][0]'],
    ['in an object', { 'odd key': { x: Symbol('s') } }, 'args["odd key"].x'],
    ['in a map', new Map([['k', callback]]), 'args.get("k")'],
    ['in a set', new Set([1, callback]), 'args.values()[1]'],
    ['as an object of the platform', { list: [new WeakMap()] }, 'args.list[0]'],
    ['nowhere', { a: [new Date(), new Uint8Array(2)] }, undefined],
  ])('%s', (_, value, path) => {
    expect(findUnclonable(value, 'args')?.path).toBe(path)
  })

  test('in a structure with cycles', () => {
    const cycle: Record<string, unknown> = { fine: 1 }
    cycle.self = cycle
    cycle.bad = callback
    expect(findUnclonable(cycle, 'args')).toEqual({ path: 'args.bad', what: 'the function callback' })
    expect(findUnclonable((function* () {})(), 'args')?.what).toBe('a Generator')
  })
})
