import { describe, expect, test } from '@jest/globals'
import { percentileOf, Ring } from '../src/ring.ts'

function ringOf(capacity: number, values: readonly number[]): Ring {
  const ring = new Ring(capacity)
  for (const value of values) ring.add(value)
  return ring
}

describe('a ring', () => {
  test('that is empty answers 0', () => {
    const ring = new Ring(4)
    expect([ring.count, ring.trimmedMean(), ring.percentile(50)]).toEqual([0, 0, 0])
  })

  test('keeps the last ones and counts them all', () => {
    const ring = ringOf(3, [9, 1, 4, 3, 2])
    expect(ring.count).toBe(5)
    expect([...ring.sorted()]).toEqual([2, 3, 4])
  })

  test('leaves outliers out of its mean', () => {
    const values = [...Array<number>(18).fill(10), 0, 100_000]
    expect(ringOf(20, values).trimmedMean()).toBe(10)
    expect(ringOf(20, values).trimmedMean(0)).toBe(5009)
  })

  test('gives nearest-rank percentiles', () => {
    const ring = ringOf(
      100,
      Array.from({ length: 100 }, (_, index) => 100 - index),
    )
    expect([0, 1, 50, 99, 100].map((percent) => ring.percentile(percent))).toEqual([1, 1, 50, 99, 100])
    expect(percentileOf([7], 50)).toBe(7)
    expect(percentileOf([], 50)).toBe(0)
  })
})
