import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createDeadline, SdError, systemClock } from '@sd/core'
import { createSandbox, FakeClock, runFixture, waitUntil } from '@sd/testing'
import { createStage, failureOf, type Stage } from './managers.ts'

let stage: Stage

beforeEach(() => {
  stage = createStage()
})

afterEach(() => stage.clear())

const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url)

test('a child that is not ready in time is killed, and the error says what it printed', async () => {
  const clock = new FakeClock()
  const { manager, host, spec, clear } = createStage({}, clock)
  const child = manager.spawn(spec('silent', { readyTimeout: 800, title: 'slow starter' }))
  await waitUntil(() => host.records.length > 0, 'it printed something')
  await clock.advance(799)
  expect(child.state).toBe('spawning')
  await clock.advance(1)
  const error = await failureOf(child.ready)
  expect(error).toBeInstanceOf(SdError)
  expect(error.code).toBe('SD_PROCESS_NOT_READY')
  expect(error.message).toMatch(/^slow starter \(pid \d+\) was not ready within 800 ms/)
  expect(error.message).toMatch('waiting for a database')
  expect(await child.exited).toMatchObject({ signal: 'SIGKILL', error, startedReady: false })
  expect(clock.pending).toBe(0)
  await clear()
})

test('a child that reports why it cannot start rejects with its error', async () => {
  const child = stage.manager.spawn(stage.spec('failing'))
  const error = await failureOf(child.ready)
  expect(error).toMatchObject({ code: 'SD_PROCESS_START_FAILED', pid: child.pid, group: 'primes' })
  expect(error.cause).toMatchObject({ name: 'TypeError', message: 'no database', code: 'E_DB', port: 5432 })
  expect((error.cause as Error).stack).toMatch('fixtures/child.ts')
  expect(await child.exited).toMatchObject({ code: 1, error })
})

test('a child that reports a failed start and stays is killed', async () => {
  const child = stage.manager.spawn(stage.spec('clinging', { killAfter: 100 }))
  expect((await failureOf(child.ready)).code).toBe('SD_PROCESS_START_FAILED')
  expect(await child.exited).toMatchObject({ signal: 'SIGKILL' })
})

test('a child whose module throws died, with its output in the error', async () => {
  const child = stage.manager.spawn(stage.spec('', { entry: fixture('broken.ts') }))
  const error = await failureOf(child.ready)
  expect(error).toMatchObject({ code: 'SD_PROCESS_DIED', exitCode: 1, signal: null })
  expect(error.message).toMatch('exit code 1')
  expect(error.message).toMatch('this module is broken')
})

test('a missing entry is a death whose output names the file', async () => {
  const child = stage.manager.spawn(stage.spec('', { entry: fixture('missing.ts').href }))
  const error = await failureOf(child.ready)
  expect(error.code).toBe('SD_PROCESS_DIED')
  expect(error.message).toMatch(/Cannot find module .*missing\.ts/)
})

test.each(['nonsense', 'garbled'])('a child that writes %s into its pipe is killed', async (behaviour) => {
  const child = stage.manager.spawn(stage.spec(behaviour))
  const exit = await child.exited
  expect(exit).toMatchObject({ signal: 'SIGKILL', startedReady: true })
  expect(exit.error).toMatchObject({ code: 'SD_PROCESS_PROTOCOL' })
  expect(exit.error!.cause).toHaveProperty('message')
})

test('a child that closes its pipe is killed', async () => {
  const exit = await stage.manager.spawn(stage.spec('closing')).exited
  expect(exit).toMatchObject({ signal: 'SIGKILL', startedReady: true })
  expect(exit.error).toMatchObject({ code: 'SD_PROCESS_PROTOCOL' })
  expect(exit.error!.message).toMatch('closed its pipe')
})

test('with no file descriptor left, a spawn fails through its promises, and later ones work', async () => {
  const prefix = ['sh', '-c', 'ulimit -n 60; exec "$@"', 'sh']
  const daemon = runFixture(fixture('starved-daemon.ts'), { env: stage.sandbox.env, prefix })
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
  expect(daemon.lines).toEqual(['failure SD_PROCESS_SPAWN EMFILE exited null, 0 fatal', 'then ready, slot 1'])
})

test('a daemon whose working directory is gone gets an error, not an exception', async () => {
  const daemon = runFixture(fixture('homeless-daemon.ts'), { env: stage.sandbox.env })
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
  expect(daemon.lines).toEqual([expect.stringMatching(/^failure SD_PROCESS_(SPAWN|DIED)$/)])
})

test('a process that no manager started is told so', async () => {
  const sandbox = createSandbox()
  const alone = runFixture(fixture('unconnected.ts'), { env: sandbox.env })
  expect((await alone.exit).code).toBe(1)
  expect(alone.lines.join('\n')).toMatch('was not started by a process manager')
  await sandbox.assertNothingLeft()
})

test('after close or drain a child is refused through its promises', async () => {
  const deadline = createDeadline(systemClock, 1000)
  await stage.manager.drain(deadline, 'primes')
  deadline.cancel()
  const refused = stage.manager.spawn(stage.spec('echo'))
  expect(refused).toMatchObject({ state: 'exited', pid: undefined, group: 'primes' })
  expect(await failureOf(refused.ready)).toMatchObject({ code: 'SD_PROCESS_CLOSED' })
  expect(refused.send(1)).toBe(false)
  expect((await refused.kill()).error).toMatchObject({ code: 'SD_PROCESS_CLOSED' })

  const other = stage.manager.spawn(stage.spec('echo', { group: 'factors' }))
  await other.ready
  await stage.manager.close()
  expect((await other.exited).signal).toBe('SIGKILL')
  const late = stage.manager.spawn(stage.spec('echo', { group: 'late' }))
  expect(await failureOf(late.ready)).toMatchObject({ code: 'SD_PROCESS_CLOSED' })
})
