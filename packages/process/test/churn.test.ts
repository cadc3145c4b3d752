import { describe, expect, test } from '@jest/globals'
import { SdError } from '@sd/core'
import { FakeClock } from '@sd/testing'
import { ChildGroup } from '../src/child-group.ts'
import {
  CALM,
  CHURN_HALF_LIFE,
  type Churn,
  churnDelay,
  churnScore,
  countYoungDeath,
  isChurnPastLimit,
} from '../src/churn.ts'
import { isStarved } from '../src/starvation.ts'

/** So many deaths, each as soon as the pause before it is over. */
function die(deaths: number, random = 0): { churn: Churn; now: number; pauses: number[] } {
  let churn = CALM
  let now = 0
  const pauses: number[] = []
  for (let death = 0; death < deaths; death++) {
    churn = countYoungDeath(churn, now, random)
    pauses.push(churnDelay(churn, now))
    now += churnDelay(churn, now)
  }
  return { churn, now, pauses }
}

test('two young deaths cost nothing, from the third on each doubles the pause, up to 30 s', () => {
  const { pauses } = die(13)
  expect(pauses).toEqual([0, 0, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
})

test('chance cuts a pause by up to half', () => {
  expect(die(3, 0.5).pauses[2]).toBe(75)
  expect(die(3, 0.999).pauses[2]).toBeCloseTo(50, 0)
})

test('the counter halves every minute', () => {
  const { churn, now } = die(2)
  expect(churnScore(churn, now)).toBe(2)
  expect(churnScore(churn, now + CHURN_HALF_LIFE)).toBe(1)
  expect(churnScore(churn, now + 2 * CHURN_HALF_LIFE)).toBe(0.5)
})

test('time spent in a pause does not lower the counter', () => {
  const { churn, now } = die(9)
  expect(churnScore(churn, now)).toBe(9)
})

test('ten are within the limit, eleven are not', () => {
  expect(isChurnPastLimit(die(10).churn)).toBe(false)
  expect(isChurnPastLimit(die(11).churn)).toBe(true)
})

test('one death every ten minutes never counts up', () => {
  let churn = CALM
  for (let now = 0; now < 100; now++) churn = countYoungDeath(churn, now * 600_000, 0)
  expect(churn.score).toBeLessThan(1.01)
  expect(churn.pausedUntil).toBe(99 * 600_000)
})

test('those who wait to spawn are let go when the pause is over', async () => {
  const clock = new FakeClock()
  const group = new ChildGroup(clock, () => 0)
  for (let death = 0; death < 4; death++) expect(group.countYoungDeath(false)).toBe(false)
  let allowed = 0
  for (let waiter = 0; waiter < 3; waiter++) void group.whenAllowed().then(() => allowed++)
  expect(clock.pending).toBe(1)
  await clock.advance(199)
  expect(allowed).toBe(0)
  expect(group.delay).toBe(1)
  await clock.advance(1)
  expect(allowed).toBe(3)
  expect(clock.pending).toBe(0)
})

test('a death during the wait makes it longer', async () => {
  const clock = new FakeClock()
  const group = new ChildGroup(clock, () => 0)
  for (let death = 0; death < 3; death++) group.countYoungDeath(false)
  let allowed = false
  void group.whenAllowed().then(() => {
    allowed = true
  })
  await clock.advance(50)
  group.countYoungDeath(false)
  await clock.advance(199)
  expect(allowed).toBe(false)
  await clock.advance(1)
  expect(allowed).toBe(true)
})

test('closing a group lets all go and leaves no timer', async () => {
  const clock = new FakeClock()
  const group = new ChildGroup(clock, () => 0)
  for (let death = 0; death < 9; death++) group.countYoungDeath(false)
  const waiting = group.whenAllowed()
  group.close()
  await waiting
  expect(clock.pending).toBe(0)
  expect(group.delay).toBe(0)
})

test('the limit is reported once', () => {
  const group = new ChildGroup(new FakeClock(), () => 0)
  const reports = Array.from({ length: 20 }, () => group.countYoungDeath(false))
  expect(reports.indexOf(true)).toBe(10)
  expect(reports.filter(Boolean)).toHaveLength(1)
})

test('work of an older child does not end the pause, work of a younger one does', async () => {
  const clock = new FakeClock()
  const group = new ChildGroup(clock, () => 0)
  const pauses: number[] = []
  for (let death = 0; death < 30; death++) {
    group.countSuccess(0)
    clock.skip(10)
    // Whatever fails, the daemon goes on as long as one of them works.
    expect(group.countYoungDeath(false)).toBe(false)
    pauses.push(group.delay)
    group.countSuccess(0)
    expect(group.delay).toBe(pauses.at(-1))
    await clock.advance(group.delay)
  }
  expect(pauses.slice(0, 5)).toEqual([0, 0, 100, 200, 400])
  expect(pauses.at(-1)).toBe(30_000)
  group.countSuccess(clock.now())
  group.countYoungDeath(false)
  expect(group.delay).toBe(0)
})

test('children for which the system has no room make the group wait, and never end the daemon', () => {
  const group = new ChildGroup(new FakeClock(), () => 0)
  const reports = Array.from({ length: 30 }, () => group.countYoungDeath(true))
  expect(reports).not.toContain(true)
  expect(group.delay).toBe(30_000)
})

describe('the system had no room for a child', () => {
  const died = { code: null, signal: null, lastOutput: '', startedReady: false, lifetime: 1 }
  const refused = (reason: string) => ({ ...died, error: new SdError('SD_PROCESS_SPAWN', '', { reason }) })
  test.each([
    [refused('EAGAIN'), true],
    [refused('EMFILE'), true],
    [refused('ENOENT'), false],
    [{ ...died, signal: 'SIGABRT' as const, lastOutput: 'Assertion failed: uv_thread_create(...)' }, true],
    [{ ...died, signal: 'SIGTRAP' as const, lastOutput: 'node[9]: pthread_create: Resource temp...' }, true],
    [{ ...died, signal: 'SIGABRT' as const }, false],
    [{ ...died, code: 1, lastOutput: 'pthread_create' }, false],
  ])('%#', (exit, starved) => expect(isStarved(exit)).toBe(starved))
})
