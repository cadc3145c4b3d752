import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDaemon, type Logger } from '@sd/core'
import { createSandbox, type Sandbox, waitUntil } from '@sd/testing'
import { type LockOptions, lockPlugin, nullLock } from '../src/index.ts'
import { FakeBackend } from './fake-backend.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

const SILENT: Logger = { debug() {}, info() {}, error() {}, fatal() {} }

function makeDaemon(backend: FakeBackend, options: LockOptions = {}, shutdownTimeout = 5000) {
  const log: string[] = []
  const daemon = createDaemon({
    name: 'test',
    interval: 10,
    signals: false,
    logger: SILENT,
    shutdownTimeout,
  }).use(lockPlugin<LockOptions, 'lock'>('lock', options, {}, () => backend))
  daemon.on('log', ({ level, message }) => log.push(`${level} ${message.split('\n')[0]}`))
  return { daemon, log }
}

test('an iteration begins with the lock, and the lock is released when no iteration runs any more', async () => {
  const backend = new FakeBackend()
  const { daemon } = makeDaemon(backend)
  const steps: string[] = []
  const work = Promise.withResolvers<void>()
  backend.onRelease = async () => void steps.push('released')
  daemon.execute(async () => {
    expect(daemon.lock.token).toBe(7)
    expect(daemon.lock.isStillMine()).toBe(true)
    void daemon.stop()
    await work.promise
    steps.push('iteration ended')
  })
  daemon.teardown(() => void steps.push('torn down'))
  // The iteration ends only while the plugins drain.
  daemon.on('shutdown', () => work.resolve())
  const report = await daemon.run()
  expect(report).toMatchObject({ exitCode: 0, unfinished: [] })
  expect(steps).toEqual(['iteration ended', 'released', 'torn down'])
})

test('an iteration that does not end keeps the lock: it is left to expire', async () => {
  const backend = new FakeBackend()
  const { daemon } = makeDaemon(backend, {}, 100)
  daemon.execute(() => {
    void daemon.stop()
    return new Promise(() => {})
  })
  const report = await daemon.run()
  expect(report.exitCode).toBe(1)
  expect(backend.asked).toEqual(['acquire', 'close'])
  expect(daemon.lock.signal.aborted).toBe(true)
})

test('a lost lock stops the daemon with exit code 1, and no iteration begins', async () => {
  const backend = new FakeBackend()
  const { daemon, log } = makeDaemon(backend)
  let iterations = 0
  daemon.execute(async () => {
    iterations++
    backend.onRenew = async () => false
    await new Promise((resolve) => setTimeout(resolve, 60))
  })
  const report = await daemon.run()
  expect(iterations).toBe(1)
  expect(report).toMatchObject({ reason: 'fatal', exitCode: 1, error: { code: 'SD_LOCK_LOST' } })
  expect(log.join('\n')).toMatch(
    /fatal SdError: The lock "test" is lost: somebody has taken it over, or removed it/,
  )
  expect(backend.count('release')).toBe(0)
})

test('a lock that is held ends the start', async () => {
  const backend = new FakeBackend()
  backend.onAcquire = async () => ({ holder: undefined })
  const { daemon } = makeDaemon(backend)
  await expect(daemon.run()).rejects.toMatchObject({ code: 'SD_LOCK_HELD' })
  expect((await daemon.stop()).exitCode).toBe(1)
})

test('a daemon that stands by can be stopped in peace', async () => {
  const backend = new FakeBackend()
  backend.onAcquire = async () => ({ holder: undefined })
  const { daemon, log } = makeDaemon(backend, { wait: Number.POSITIVE_INFINITY })
  const run = daemon.run()
  await waitUntil(() => log.some((line) => line.includes('Waiting for the lock "test"')))
  void daemon.stop()
  expect(await run).toMatchObject({ exitCode: 0, unfinished: [] })
  expect(log.filter((line) => !line.startsWith('info'))).toEqual([])
  expect(daemon.inspect().plugins.lock).toEqual({ state: 'released' })
})

test('a release that fails is told of, and does not disturb the stop', async () => {
  const backend = new FakeBackend()
  backend.onRelease = () => Promise.reject(new Error('out of order'))
  const { daemon, log } = makeDaemon(backend)
  daemon.execute(() => void daemon.stop())
  expect((await daemon.run()).exitCode).toBe(0)
  expect(log).toContainEqual(expect.stringMatching(/^error The lock could not be released .* out of order$/))
})

test('the ttl is the interval and two seconds, and the name the daemon’s', async () => {
  const { daemon } = makeDaemon(new FakeBackend())
  daemon.execute(() => void daemon.stop())
  await daemon.run()
  expect(daemon.lock.holder).toMatchObject({ name: 'test', ttl: 2010 })
  expect(daemon.inspect().plugins.lock).toMatchObject({ state: 'released', name: 'test', token: 7 })
})

describe('several locks', () => {
  const daemonWith = (first: FakeBackend, second: FakeBackend) =>
    createDaemon({ name: 'test', interval: 10, signals: false, logger: SILENT })
      .use(lockPlugin<LockOptions, 'lock'>('lock', {}, {}, () => first))
      .use(lockPlugin<LockOptions, 'second'>('lock', { as: 'second' }, {}, () => second))
      .use(nullLock())

  test('are all taken and all given back', async () => {
    const [first, second] = [new FakeBackend(), new FakeBackend()]
    const daemon = daemonWith(first, second)
    daemon.execute((daemon) => {
      expect([daemon.lock, daemon.second, daemon.nullLock].map((lock) => lock.state)).toEqual(
        Array(3).fill('held'),
      )
      void daemon.stop()
    })
    await daemon.run()
    expect([first.count('release'), second.count('release')]).toEqual([1, 1])
  })

  test('one of which is held by another end the start, and the others are given back', async () => {
    const [first, second] = [new FakeBackend(), new FakeBackend()]
    second.onAcquire = async () => ({ holder: undefined })
    await expect(daemonWith(first, second).run()).rejects.toMatchObject({ code: 'SD_LOCK_HELD' })
    expect(first.asked).toEqual(['acquire', 'release', 'close'])
  })

  test('one of which is lost stop the daemon, and the others are given back', async () => {
    const [first, second] = [new FakeBackend(), new FakeBackend()]
    const daemon = daemonWith(first, second)
    daemon.execute(() => {
      second.onCheck = async () => false
      second.onChange?.()
    })
    expect(await daemon.run()).toMatchObject({ exitCode: 1, reason: 'fatal' })
    expect(first.count('release')).toBe(1)
    expect(second.count('release')).toBe(0)
  })
})

describe('options', () => {
  test.each([
    [{ ttl: 99 }, 'option "ttl" must be a number of milliseconds from 100 to 86400000, not 99'],
    [{ wait: -1 }, 'option "wait" must be a number of milliseconds, at least 0, or Infinity, not -1'],
    [{ name: '' }, 'option "name" must be'],
    [{ name: '\ud800' }, 'option "name" must be'],
    [{ nam: 'x' }, 'unknown option "nam". Did you mean "name"?'],
  ])('%j is refused', (options, message) => {
    expect(() => nullLock(options as LockOptions)).toThrow(message)
    expect(() => nullLock(options as LockOptions)).toThrow(
      expect.objectContaining({ code: 'SD_LOCK_OPTIONS' }),
    )
  })
})
