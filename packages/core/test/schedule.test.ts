import { describe, expect, test } from '@jest/globals'
import { nextSlot } from '../src/schedule.ts'

describe('the grid of the clock', () => {
  test('an iteration that ends in time is followed by the next slot', () => {
    expect(nextSlot(1000, 50, 1000, 1010)).toEqual({ at: 1050, skipped: 0 })
  })

  test('an iteration that takes exactly the interval is followed at once and skips nothing', () => {
    expect(nextSlot(0, 50, 100, 150)).toEqual({ at: 150, skipped: 0 })
  })

  test('an iteration that is a moment too long skips one slot', () => {
    expect(nextSlot(0, 50, 100, 150.001)).toEqual({ at: 200, skipped: 1 })
  })

  test('a long one skips all that it missed and goes on with the grid', () => {
    expect(nextSlot(7, 50, 7, 7 + 50 * 20 + 1)).toEqual({ at: 7 + 50 * 21, skipped: 20 })
  })

  test('the slot after a million is where it belongs, whatever the interval', () => {
    const interval = 1000 / 3
    let current = 123.456
    for (let slot = 1; slot <= 1_000_000; slot++) {
      current = nextSlot(123.456, interval, current, current + 0.1).at
    }
    expect(current).toBe(123.456 + 1_000_000 * interval)
  })
})
