import { spawnSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import { readOwnPlace } from '@sd/core/own-place'
import { FakeClock } from '@sd/testing'
import { heldLeases } from '../src/held-leases.ts'
import type { LockHolder } from '../src/index.ts'
import { Judge } from '../src/judge.ts'

const own = readOwnPlace()
const clock = new FakeClock()
clock.skip(1_000_000)

function holder(changes: Partial<LockHolder> = {}): LockHolder {
  return {
    ...own,
    ...{ id: 'other', name: 'test', token: 1, ttl: 1000, since: '', renewals: 0, renewedAt: clock.now() },
    ...changes,
  }
}

/** The parent of this process lives as long as the test. */
const neighbour = { pid: process.ppid, startTime: readStart(process.ppid) }
const elsewhere = { host: 'elsewhere', boot: 'another' }

function readStart(pid: number): string {
  const { stdout } = spawnSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8' })
  return stdout.slice(stdout.lastIndexOf(')') + 2).split(' ')[19]!
}

const judge = (given: LockHolder) => new Judge(own, clock.now).judge(given)

test('a process of this boot that lives and is in time is alive', () => {
  expect(judge(holder(neighbour))).toBe('alive')
})

test('one that is not in time has expired, a moment after its ttl', () => {
  expect(judge(holder({ ...neighbour, renewedAt: clock.now() - 1100 }))).toBe('alive')
  expect(judge(holder({ ...neighbour, renewedAt: clock.now() - 1300 }))).toBe('expired')
})

test('a pid that nobody has, or somebody else, is a dead holder', () => {
  expect(judge(holder({ pid: 2 ** 30 }))).toBe('dead')
  expect(judge(holder({ ...neighbour, startTime: '1' }))).toBe('dead')
})

test.each([{ host: 'elsewhere' }, { boot: 'another' }, { namespaces: 'pid:[1] time:[1]' }])(
  'the same pid in another place (%j) says nothing',
  (place) => {
    expect(judge(holder({ pid: 2 ** 30, ...place }))).toBe('unknown')
  },
)

test('a place without a name for its boot proves nothing', () => {
  const nameless = { ...own, boot: '' }
  expect(new Judge(nameless, clock.now).judge(holder({ pid: 2 ** 30, boot: '' }))).toBe('unknown')
})

test('a lease of this thread that it does not have is one of the program that it was before', () => {
  expect(judge(holder({ id: 'mine' }))).toBe('dead')
  heldLeases().add('mine')
  expect(judge(holder({ id: 'mine' }))).toBe('alive')
  heldLeases().delete('mine')
})

describe('a lease whose process restarts in place', () => {
  test('is alive for others until its longer ttl is over, and then for nobody', () => {
    const kept = { ...neighbour, restarting: true, ttl: 60_000 }
    expect(judge(holder({ ...kept, renewedAt: clock.now() - 59_000 }))).toBe('alive')
    expect(judge(holder({ ...kept, renewedAt: clock.now() - 61_000 }))).toBe('expired')
    expect(judge(holder({ ...kept, startTime: '1' }))).toBe('dead')
  })

  test('is alive for its own process, which takes it up, unless it has it already', () => {
    const kept = holder({ restarting: true, renewedAt: clock.now() - 90_000 })
    expect(judge(kept)).toBe('alive')
    heldLeases().add(kept.id)
    expect(judge(kept)).toBe('expired')
    heldLeases().delete(kept.id)
  })
})

test('a lease of another thread of this process only expires', () => {
  expect(judge(holder({ thread: 4 }))).toBe('alive')
  expect(judge(holder({ thread: 4, renewedAt: clock.now() - 1300 }))).toBe('expired')
})

test('one from elsewhere has expired when it has not moved for its ttl, whatever its own clock says', () => {
  const watcher = new Judge(own, clock.now)
  const distant = holder({ ...elsewhere, renewedAt: 5e12 })
  expect(watcher.judge(distant)).toBe('unknown')
  clock.skip(1200)
  expect(watcher.judge(distant)).toBe('unknown')
  clock.skip(52)
  expect(watcher.judge(distant)).toBe('expired')
})

test('one from elsewhere whose ttl is long is allowed a clock that goes a thousandth slower', () => {
  const watcher = new Judge(own, clock.now)
  const distant = holder({ ...elsewhere, ttl: 3_600_000 })
  watcher.judge(distant)
  clock.skip(3_603_000)
  expect(watcher.judge(distant)).toBe('unknown')
  clock.skip(1000)
  expect(watcher.judge(distant)).toBe('expired')
})

test('one from elsewhere is alive once it has moved, until it stops moving', () => {
  const watcher = new Judge(own, clock.now)
  watcher.judge(holder({ ...elsewhere, renewedAt: 1 }))
  clock.skip(1000)
  const moved = holder({ ...elsewhere, renewals: 1, renewedAt: 2 })
  expect(watcher.judge(moved)).toBe('alive')
  clock.skip(1000)
  expect(watcher.judge(moved)).toBe('alive')
  clock.skip(300)
  expect(watcher.judge(moved)).toBe('expired')
})

test('another holder from elsewhere is watched anew', () => {
  const watcher = new Judge(own, clock.now)
  watcher.judge(holder(elsewhere))
  clock.skip(1200)
  expect(watcher.judge(holder({ ...elsewhere, id: 'next' }))).toBe('unknown')
})

test('a time of this boot that lies ahead was not written by this clock, and is watched', () => {
  expect(judge(holder({ ...neighbour, renewedAt: clock.now() + 10_000 }))).toBe('unknown')
})
