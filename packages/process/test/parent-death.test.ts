import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { findParentDeathProtection } from '../src/parent-death.ts'
import { createStage } from './managers.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

/** Kills a daemon whose children behave so, and waits until all are gone. */
async function killDaemon(mode: string, behaviours: readonly string[], stop: boolean): Promise<void> {
  const daemon = runFixture(new URL('./fixtures/daemon.ts', import.meta.url), {
    args: [mode, ...behaviours],
    env: sandbox.env,
  })
  const [, list] = await daemon.waitForLine(/^pids (.*)$/)
  const pids = list!.split(' ').map(Number)
  expect(sandbox.processes().length).toBeGreaterThan(pids.length)
  if (stop) process.kill(pids.at(-1)!, 'SIGSTOP')
  daemon.kill()
  await waitUntil(() => sandbox.processes().length === 0, 'all children are gone')
  await daemon.exit
}

const hasSignal = findParentDeathProtection().mode === 'signal'

describe('when the daemon is killed', () => {
  const maybe = hasSignal ? test : test.skip
  maybe('the kernel ends busy, idle and stopped children', async () => {
    await killDaemon('signal', ['busy', 'busy', 'echo', 'stubborn', 'echo'], true)
  })

  test('the guard ends busy and idle children', async () => {
    await killDaemon('guard', ['busy', 'busy', 'echo', 'stubborn'], false)
  })

  test('the guard ends the children of a busy child, too', async () => {
    await killDaemon('guard', ['busyParent'], false)
  })
})

test.each(['signal', 'guard'] as const)('in %s mode a child ends by itself as ever', async (parentDeath) => {
  const stage = createStage({ parentDeath })
  const ended = await stage.manager.spawn(stage.spec('ending', { args: ['ending', '4'] })).exited
  expect(ended).toMatchObject({ code: 4, signal: null, startedReady: true })
  const child = stage.manager.spawn(stage.spec('echo'))
  await child.ready
  expect(await child.drain()).toMatchObject({ code: 0, signal: null })
  await stage.clear()
})

test('a child whose parent died before it looked kills itself', async () => {
  const ticket = `--sd-child=${JSON.stringify({ ppid: 1, title: 'orphan', guard: false })}`
  const orphan = runFixture(new URL('./fixtures/unconnected.ts', import.meta.url), {
    args: [ticket],
    env: sandbox.env,
  })
  expect(await orphan.exit).toEqual({ code: null, signal: 'SIGKILL' })
})
