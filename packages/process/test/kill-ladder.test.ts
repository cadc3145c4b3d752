import { expect, test } from '@jest/globals'
import { createDeadline, type Deadline } from '@sd/core'
import { FakeClock } from '@sd/testing'
import { climbKillLadder } from '../src/kill-ladder.ts'

function climb(
  budget: number,
  killAfter: number,
): { clock: FakeClock; deadline: Deadline; signals: string[]; stop(): void } {
  const clock = new FakeClock()
  const deadline = createDeadline(clock, budget)
  const signals: string[] = []
  const stop = climbKillLadder(clock, deadline, killAfter, (signal) => {
    signals.push(`${clock.now()} ${signal}`)
  })
  return { clock, deadline, signals, stop }
}

test('TERM comes before the deadline, KILL at the deadline, and no timer is left', async () => {
  const { clock, signals } = climb(5000, 2000)
  await clock.advance(10_000)
  expect(signals).toEqual(['3000 SIGTERM', '5000 SIGKILL'])
  expect(clock.pending).toBe(0)
})

test('with less time than the ladder takes, TERM comes at once', async () => {
  const { clock, signals } = climb(500, 2000)
  await clock.advance(10_000)
  expect(signals).toEqual(['0 SIGTERM', '500 SIGKILL'])
})

test('after the deadline only KILL is left', () => {
  const { clock, signals } = climb(0, 2000)
  expect(signals).toEqual(['0 SIGKILL'])
  expect(clock.pending).toBe(0)
})

test('a deadline that is brought forward kills at once', async () => {
  const { clock, deadline, signals } = climb(60_000, 2000)
  await clock.advance(10)
  deadline.expire()
  await clock.advance(100_000)
  expect(signals).toEqual(['10 SIGKILL'])
})

test('when the child is gone the ladder stops', async () => {
  const { clock, signals, stop } = climb(5000, 2000)
  await clock.advance(3500)
  stop()
  await clock.advance(10_000)
  expect(signals).toEqual(['3000 SIGTERM'])
})
