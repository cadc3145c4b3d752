import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeadline, PausableClock, systemClock } from '@sd/core'
import { FakeClock, waitUntil } from '@sd/testing'
import { climbKillLadder } from '../src/kill-ladder.ts'
import { findParentDeathProtection } from '../src/parent-death.ts'
import { createStage, type Stage } from './managers.ts'

const MODULE = new URL('./fixtures/attached-module.ts', import.meta.url).href
const hasSpawner = findParentDeathProtection().mode === 'signal'

describe.each([
  ['a child of the daemon', Number.POSITIVE_INFINITY],
  ...(hasSpawner ? [['a child of the spawner', 0] as [string, number]] : []),
])('%s', (_, largeFrom) => {
  let stage: Stage

  beforeEach(() => {
    stage = createStage({ largeFrom })
  })

  afterEach(() => stage.clear())

  const said = (pid: number): string[] =>
    stage.host.records.filter((record) => record.pid === pid).map(({ message }) => message)

  test('has what was attached before it begins, and nothing of it when it was detached', async () => {
    const detach = stage.manager.attach(MODULE, { word: 'one' })
    stage.manager.attach(MODULE, { word: 'two' })
    const first = stage.manager.spawn(stage.spec('attachable'))
    await first.ready
    await waitUntil(() => said(first.pid!).includes('ready'))
    expect(said(first.pid!)[0]).toBe('began attached')
    expect(said(first.pid!).slice(1, 3).sort()).toEqual(['attached one', 'attached two'])
    expect(said(first.pid!)[3]).toBe('ready')
    detach()
    await waitUntil(() => said(first.pid!).includes('detached one'))
    const second = stage.manager.spawn(stage.spec('attachable'))
    await second.ready
    await waitUntil(() => said(second.pid!).includes('ready'))
    expect(said(second.pid!)).toEqual(['began attached', 'attached two', 'ready'])
  })

  test('that runs already gets it by a message, and loses it by one', async () => {
    const child = stage.manager.spawn(stage.spec('attachable'))
    await child.ready
    const detach = stage.manager.attach(MODULE, { word: 'late' })
    await waitUntil(() => said(child.pid!).includes('attached late'))
    detach()
    detach()
    await waitUntil(() => said(child.pid!).includes('detached late'))
    expect(said(child.pid!)).toEqual(['began alone', 'ready', 'attached late', 'detached late'])
  })

  test('that is stopped has the time to become ready that was left, as soon as it goes on', async () => {
    const child = stage.manager.spawn(stage.spec('slow', { args: ['slow', '500'], readyTimeout: 2000 }))
    await waitUntil(() => child.pid !== undefined)
    process.kill(child.pid!, 'SIGSTOP')
    stage.manager.freeze(child.pid!)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(child.state).toBe('spawning')
    process.kill(child.pid!, 'SIGCONT')
    stage.manager.thaw(child.pid!)
    await child.ready
  }, 20_000)

  test("that is stopped and told to end is killed at the deadline, by the daemon's clock", async () => {
    const child = stage.manager.spawn(stage.spec('echo', { killAfter: 200 }))
    await child.ready
    process.kill(child.pid!, 'SIGSTOP')
    stage.manager.freeze(child.pid!)
    expect(await child.drain(createDeadline(systemClock, 600))).toMatchObject({ signal: 'SIGKILL' })
    stage.manager.thaw(child.pid!)
    stage.manager.freeze(child.pid!)
  })
})

test('a kill ladder waits with a deadline whose clock stands still', async () => {
  const base = new FakeClock()
  const clock = new PausableClock(base)
  const signals: string[] = []
  climbKillLadder(base, createDeadline(clock, 5000), 2000, (signal) =>
    signals.push(`${base.now()} ${signal}`),
  )
  await base.advance(2000)
  clock.freeze()
  await base.advance(60_000)
  expect(signals).toEqual([])
  clock.thaw()
  await base.advance(1100)
  expect(signals).toHaveLength(1)
  expect(signals[0]).toMatch(/^63\d\d\d SIGTERM$/)
  await base.advance(1900)
  expect(signals[1]).toBe('65000 SIGKILL')
  expect(base.pending).toBe(0)
})
