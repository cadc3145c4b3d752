import { describe, expect, test } from '@jest/globals'
import { createDaemon } from '@sd/core'
import { waitUntil } from '@sd/testing'
import { workers } from '@sd/workers'
import { subject } from './fixtures/subjects.ts'
import { fromSource } from './start-daemon.ts'
import { shareSubject, testDaemons } from './test-daemons.ts'

const { sandbox, startSubject } = testDaemons()

const shared = shareSubject()

/** An object that holds itself in itself, `depth` times. */
function nest(depth: number, core: unknown): unknown {
  let nested = core
  for (let level = 0; level < depth; level++) nested = { nested }
  return nested
}

describe('an argument', () => {
  test.each<[string, () => unknown]>([
    ['whose getter throws', () => Object.defineProperty({}, 'x', { enumerable: true, get: () => fail() })],
    ['that is a revoked proxy', revokedProxy],
    ['that is nested deeply around a function', () => nest(20_000, () => 1)],
    ['that is nested too deeply', () => nest(500_000, 1)],
  ])('%s rejects the call and harms nothing else', async (_, make) => {
    const { subject } = shared()
    await expect(subject.echo(make())).rejects.toMatchObject({ code: 'SD_WORKERS_UNCLONABLE' })
    expect(await subject.add(1, 1)).toBe(2)
  })

  function fail(): never {
    throw new Error('boom')
  }

  function revokedProxy(): unknown {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  }
})

describe('a worker that throws', () => {
  test.each([
    ['an error named like a member of Object', 'toString', 'toString'],
    ['an error named constructor', 'constructor', 'constructor'],
  ])('%s is understood', async (_, name, expected) => {
    const { subject } = shared()
    await expect(subject.failNamed(name)).rejects.toMatchObject({ name: expected, message: 'named' })
  })

  test('an error whose getter throws still tells its message, and lives on', async () => {
    const { subject } = shared()
    const pid = await subject.pid()
    await expect(subject.failWithGetter()).rejects.toMatchObject({ message: 'has a getter' })
    expect(await subject.pid()).toBe(pid)
  })

  test('the same error inline again and again does not change it', async () => {
    const { pool } = await startSubject({ strategy: 'lazy' })
    const error = Object.freeze(new Error('frozen'))
    for (let n = 0; n < 3; n++) await expect(pool.inline.failWith(error)).rejects.toBe(error)
  })
})

describe('a plugin that shares what cannot be sent', () => {
  test('is reported and left out', async () => {
    const { subject, share, errors } = await startSubject({ strategy: 'lazy' })
    share({ text: (() => 1) as never })
    await expect(subject.shared('notes')).rejects.toMatchObject({ code: 'SD_WORKERS_NOT_SHARED' })
    expect(errors.some((message) => /"notes" shares something.*share\.text is/.test(message))).toBe(true)
  })
})

describe('a call', () => {
  const quiet = { debug() {}, info() {}, error() {}, fatal() {} }
  const make = (environment: string[] = []) =>
    createDaemon({ name: 'test', signals: false, logger: quiet })
      .use(workers(fromSource(sandbox(), { subject: { worker: subject } })))
      .checkEnvironment(() => environment)
      .setup(() => {})

  test('before a daemon that never runs is refused at once, and after its stop too', async () => {
    const daemon = make()
    await expect(daemon.workers.subject.add(1, 1)).rejects.toMatchObject({ code: 'SD_WORKERS_NOT_RUNNING' })
    await daemon.stop()
    await expect(daemon.workers.subject.add(1, 1)).rejects.toMatchObject({ code: 'SD_WORKERS_SHUTDOWN' })
  })

  test('made while a daemon starts that fails is given up with it', async () => {
    const daemon = make(['missing: everything'])
    const running = daemon.run()
    const call = daemon.workers.subject.add(1, 1)
    await expect(running).rejects.toMatchObject({ code: 'SD_CORE_ENVIRONMENT' })
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_SHUTDOWN' })
  })

  test('made while the daemon starts is run when it has', async () => {
    const daemon = make()
    const running = daemon.run()
    expect(await daemon.workers.subject.add(1, 1)).toBe(2)
    await daemon.stop()
    await running
  })

  test('that waits for the thread of its process does not time out', async () => {
    const { subject } = await startSubject({ concurrency: 4, timeout: 1000 })
    await subject.add(1, 1)
    const calls = [1, 2, 3, 4].map(() => subject.block(400))
    expect(await Promise.all(calls)).toEqual([400, 400, 400, 400])
  })

  test('that is cancelled when it has timed out is not tried again', async () => {
    const { subject, pool } = await startSubject({ timeout: 300 })
    pool.onTimeout((call) => {
      call.retry()
      call.cancel()
    })
    const call = subject.spin()
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED' })
    expect(call.retries).toBe(0)
  })

  test('inline can be cancelled, and runs again inline', async () => {
    const { pool } = await startSubject({ strategy: 'lazy' })
    const call = pool.inline.waitForAbort()
    await waitUntil(() => call.status === 'running')
    call.cancel()
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED' })
    const first = pool.inline.pid()
    await first
    expect(await first.retry()).toBe(process.pid)
  })

  test('inline may finish while the daemon stops', async () => {
    const { pool, stop } = await startSubject({ strategy: 'lazy' })
    const call = pool.inline.sleep(100)
    await waitUntil(() => call.status === 'running')
    await stop()
    expect(call.status).toBe('returned')
  })
})

describe('maxQueue', () => {
  test('of 0 takes as many calls as can run, and no more', async () => {
    const { subject } = await startSubject({ size: 2, maxQueue: 0 })
    const calls = [subject.sleep(200), subject.sleep(200)]
    await expect(subject.sleep(1)).rejects.toMatchObject({ code: 'SD_WORKERS_QUEUE_FULL' })
    await Promise.all(calls)
  })
})

describe('recycling', () => {
  test('goes on while a process to be replaced still has a long call', async () => {
    const { subject, daemon } = await startSubject({
      size: 2,
      timeout: 0,
      concurrency: 2,
      recycle: { calls: 2 },
    })
    let reaped = 0
    daemon.on('reap', () => reaped++)
    const long = subject.waitForAbort()
    await waitUntil(() => long.status === 'running')
    while (reaped < 3) await subject.add(1, 1)
    long.cancel()
    await expect(long).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED' })
  })
})

describe('draining a pool', () => {
  test('leaves the calls that it has taken their retries', async () => {
    const { subject, pool } = await startSubject({ retries: 1 })
    const call = subject.exit(1)
    await waitUntil(() => call.status === 'running')
    await pool.drain()
    expect(call.retries).toBe(1)
  })
})
