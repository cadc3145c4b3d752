import { describe, expect, test } from '@jest/globals'
import { FakeClock } from '@sd/testing'
import { createDeadline } from '../src/index.ts'

describe('a deadline', () => {
  test('counts down, and passes', async () => {
    const clock = new FakeClock()
    const deadline = createDeadline(clock, 1000)
    await clock.advance(400)
    expect([deadline.at, deadline.remaining(), deadline.expired]).toEqual([1000, 600, false])
    await clock.advance(600)
    expect([deadline.remaining(), deadline.expired, deadline.signal.aborted]).toEqual([0, true, true])
    await deadline.passed
    expect(clock.pending).toBe(0)
  })

  test('can be brought forward, once and for all', async () => {
    const clock = new FakeClock()
    const deadline = createDeadline(clock, 1000)
    await clock.advance(300)
    deadline.expire()
    deadline.expire()
    await deadline.passed
    expect([deadline.at, deadline.remaining(), deadline.expired, clock.pending]).toEqual([300, 0, true, 0])
  })

  test('without a budget has passed', async () => {
    const deadline = createDeadline(new FakeClock(), 0)
    expect(deadline.expired).toBe(true)
    await deadline.passed
  })

  test('that is cancelled leaves no timer and does not pass', async () => {
    const clock = new FakeClock()
    const deadline = createDeadline(clock, 1000)
    deadline.cancel()
    await clock.advance(5000)
    expect([clock.pending, deadline.signal.aborted, deadline.remaining()]).toEqual([0, false, 0])
  })
})
