import { describe, expect, test } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import { counter, double } from './fixtures/subjects.ts'
import { shareSubject, testDaemons } from './test-daemons.ts'

const { sandbox, start, startSubject } = testDaemons()

const shared = shareSubject()

describe('a call', () => {
  test('runs in another process and resolves to the result', async () => {
    const { subject } = shared()
    expect(await subject.add(2, 3)).toBe(5)
    expect(await subject.pid()).not.toBe(process.pid)
  })

  test('of a function worker is a direct call', async () => {
    const daemon = await start({ double: { worker: double } })
    const call = daemon.workers.double(21)
    expect(await call).toBe(42)
    expect(call.method).toBe('double')
  })

  test('of a class worker finds the constructor arguments and private state', async () => {
    const daemon = await start({ counter: { worker: counter } })
    expect(await daemon.workers.counter.next()).toBe(15)
    expect(await daemon.workers.counter.next()).toBe(20)
    const call = daemon.workers.counter.whoAmI()
    expect(await call).toBe(call.id)
  })

  test('keeps its state between calls, as setup left it', async () => {
    const { subject } = await startSubject()
    expect(await subject.count()).toBe(101)
    expect(await subject.count()).toBe(102)
  })

  test.each([
    ['a map', new Map([['a', new Set([1])]])],
    ['a date', new Date(1e12)],
    ['a bigint', 2n ** 70n],
    ['a typed array', new Float64Array([1.5, -0])],
    ['a buffer', Buffer.from('xyz')],
    ['undefined', undefined],
    ['nested objects', { a: [{ b: null, c: undefined }], d: Number.NaN, e: -0 }],
    ['a regular expression', /a+b/gi],
    ['an error', new RangeError('as a value')],
  ])('carries %s there and back', async (_, value) => {
    const { subject } = shared()
    expect(await subject.echo(value)).toEqual(value)
  })

  test('carries cycles', async () => {
    const { subject } = shared()
    const cycle: { self?: unknown; n: number } = { n: 1 }
    cycle.self = cycle
    const back = (await subject.echo(cycle)) as typeof cycle
    expect(back.self).toBe(back)
  })

  test('goes through called, running and returned, with a time for each', async () => {
    const { subject } = shared()
    const call = subject.add(1, 1)
    expect(call.status).toBe('called')
    await call
    expect(call.status).toBe('returned')
    expect(call.result).toBe(2)
    expect(call.pid).toBeGreaterThan(0)
    const { called, running, returned } = call.times
    expect(called).toBeLessThanOrEqual(running!)
    expect(running).toBeLessThanOrEqual(returned!)
  })

  test('that nobody awaits reports its failure to the log and the error event, not as an unhandled rejection', async () => {
    const { subject, errors } = shared()
    subject.fail('quietly')
    await waitUntil(() => errors.length > 0)
    expect(errors[0]).toMatch(/subject.fail\(\) failed, and nobody waits for it: quietly/)
  })

  test('that is awaited and fails at once is reported to nobody else', async () => {
    const { subject, pool, errors } = await startSubject({ strategy: 'lazy' })
    await pool.drain()
    await expect((async () => await subject.add(1, 1))()).rejects.toMatchObject({
      code: 'SD_WORKERS_SHUTDOWN',
    })
    const unknown = subject as unknown as { nope(): Promise<unknown> }
    await expect((async () => await unknown.nope())()).rejects.toThrow()
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    expect(errors).toEqual([])
  })

  test('can be awaited after it has settled', async () => {
    const { subject } = shared()
    const call = subject.add(1, 2)
    await waitUntil(() => call.status === 'returned')
    expect(await call).toBe(3)
    const failed = subject.fail('late')
    failed.catch(() => {})
    await waitUntil(() => failed.status === 'failed')
    await expect(failed).rejects.toThrow('late')
  })

  test('works with Promise.all, finally and async iteration of its promise', async () => {
    const { subject } = await startSubject({ size: 2 })
    let finished = 0
    const calls = [1, 2, 3].map((n) => subject.add(n, n).finally(() => finished++))
    expect(await Promise.all(calls)).toEqual([2, 4, 6])
    expect(finished).toBe(3)
  })
})

describe('an error of the worker', () => {
  test('crosses the process boundary whole', async () => {
    const { subject } = shared()
    const error = (await subject.fail('bad luck').catch((thrown: unknown) => thrown)) as Error &
      Record<string, unknown>
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'UnluckyError',
      message: 'bad luck',
      code: 'E_UNLUCKY',
      day: 13,
      method: 'fail',
    })
    expect(error.pid).not.toBe(process.pid)
    expect(error.cause).toBeInstanceOf(RangeError)
    expect((error.cause as Error).message).toBe('the cause')
    expect(error.stack).toMatch(/UnluckyError: bad luck\n\s+at .*subjects\.ts:\d+/)
    expect(error.stack).toMatch(/-- called from the daemon --\n\s+at .*calls\.test\.ts:\d+/)
  })

  test('that is a rejection arrives as its class', async () => {
    const { subject } = shared()
    await expect(subject.rejects()).rejects.toBeInstanceOf(SyntaxError)
  })

  test('that is no Error arrives as one, with the value', async () => {
    const { subject } = shared()
    await expect(subject.failWith('just text')).rejects.toMatchObject({ thrown: 'just text' })
    await expect(subject.failWith(undefined)).rejects.toThrow(/undefined/)
  })
})

describe('bad input', () => {
  test('an argument that cannot be cloned is named by its path', async () => {
    const { subject } = shared()
    const options = { on: { done: () => 1 } }
    await expect(subject.echo(options)).rejects.toMatchObject({
      code: 'SD_WORKERS_UNCLONABLE',
      path: 'args[0].on.done',
    })
    await expect(subject.echo(new Map([['k', [Symbol('s')]]]))).rejects.toThrow(
      /args\[0\]\.get\("k"\)\[0\] is Symbol\(s\)/,
    )
    expect(await subject.add(1, 1)).toBe(2)
  })

  test('a result that cannot be cloned is named by its path, and the process lives on', async () => {
    const { subject } = shared()
    const pid = await subject.pid()
    await expect(subject.makeUnclonable()).rejects.toMatchObject({
      code: 'SD_WORKERS_UNCLONABLE',
      path: 'result.list[1].callback',
    })
    expect(await subject.pid()).toBe(pid)
  })

  test('a method that does not exist rejects with the list of those that do', async () => {
    const { subject } = shared()
    const call = (subject as unknown as { ad(): Promise<unknown> }).ad()
    await expect(call).rejects.toMatchObject({
      code: 'SD_WORKERS_UNKNOWN_METHOD',
      message: expect.stringMatching(/"add".*echo/),
    })
  })

  test('a client can be awaited, printed and compared without calling anything', async () => {
    const { subject, pool } = shared()
    expect(await subject).toBe(subject)
    expect(`${Object.prototype.toString.call(subject)}`).toBe('[object Object]')
    expect(JSON.stringify(subject)).toBe('{}')
    expect(pool.isIdle()).toBe(true)
  })

  test('an unknown pool is named', async () => {
    const { workers } = shared()
    expect(() => (workers.pool as (alias: string) => unknown)('subjekt')).toThrow(
      /no worker "subjekt". Did you mean "subject"/,
    )
  })
})

describe('a pool', () => {
  test('starts all processes at once with the aggressive strategy, and spreads calls over them', async () => {
    const { subject, daemon } = await startSubject({ size: 3, strategy: 'aggressive' })
    await waitUntil(() => sandbox().processes().length === 3)
    await waitUntil(() => JSON.stringify(daemon.inspect()).split('"state":"ready"').length === 4)
    const pids = await Promise.all([1, 2, 3].map(() => subject.sleep(100)))
    expect(new Set(pids).size).toBe(3)
  })

  test('starts processes lazily, up to its size', async () => {
    const { subject } = await startSubject({ size: 2, strategy: 'lazy' })
    expect(sandbox().processes()).toHaveLength(0)
    await subject.add(1, 1)
    expect(sandbox().processes()).toHaveLength(1)
    await Promise.all([1, 2, 3, 4].map(() => subject.sleep(100)))
    expect(sandbox().processes()).toHaveLength(2)
  })

  test('starts one process and then all with the mixed strategy', async () => {
    const { subject } = await startSubject({ size: 3, strategy: 'mixed' })
    expect(sandbox().processes()).toHaveLength(1)
    await subject.add(1, 1)
    await waitUntil(() => sandbox().processes().length === 3)
  })

  test('knows whether it is idle, and the status of its calls', async () => {
    const { subject, pool } = shared()
    expect(pool.isIdle()).toBe(true)
    const call = subject.sleep(100)
    expect(pool.isIdle()).toBe(false)
    expect(pool.call(call.id)).toBe(call)
    await call
    expect(pool.isIdle()).toBe(true)
    expect(pool.status(call.id)).toBe('returned')
    expect(pool.call(call.id)).toBeUndefined()
    expect(pool.status(999_999)).toBeUndefined()
  })

  test('grows and shrinks', async () => {
    const { subject, pool } = await startSubject({ size: 1, strategy: 'aggressive' })
    pool.resize(3)
    expect(pool.size).toBe(3)
    await waitUntil(() => sandbox().processes().length === 3)
    const running = [1, 2, 3].map(() => subject.sleep(200))
    pool.resize(1)
    await Promise.all(running)
    await waitUntil(() => sandbox().processes().length === 1)
    expect(await subject.add(1, 1)).toBe(2)
    expect(() => pool.resize(0)).toThrow(expect.objectContaining({ code: 'SD_WORKERS_OPTIONS' }))
  })

  test('refuses calls beyond maxQueue', async () => {
    const { subject } = await startSubject({ maxQueue: 2 })
    await subject.add(1, 1)
    const calls = [1, 2, 3].map(() => subject.sleep(100))
    await expect(subject.add(1, 1)).rejects.toMatchObject({ code: 'SD_WORKERS_QUEUE_FULL', maxQueue: 2 })
    await Promise.all(calls)
    expect(await subject.add(1, 1)).toBe(2)
  })

  test('runs several calls at once in a process that allows it, each with its own context', async () => {
    const { subject } = await startSubject({ concurrency: 3 })
    await subject.add(0, 0)
    const calls = [60, 30, 1].map((ms) => subject.currentAfter(ms))
    expect(await Promise.all(calls)).toEqual(calls.map((call) => call.id))
  })

  test('drains: takes no more calls, and says when all have settled', async () => {
    const { subject, pool } = await startSubject()
    const calls = [subject.sleep(50), subject.sleep(50)]
    const drained = pool.drain()
    await expect(subject.add(1, 1)).rejects.toMatchObject({ code: 'SD_WORKERS_SHUTDOWN' })
    await drained
    expect(calls.map((call) => call.status)).toEqual(['returned', 'returned'])
  })

  test('keeps statistics by method', async () => {
    const { subject, pool, daemon } = await startSubject()
    await Promise.all([
      subject.sleep(20),
      subject.sleep(20),
      subject.add(1, 1),
      subject.fail('x').catch(() => {}),
    ])
    const { sleep, fail } = pool.stats()
    expect(sleep).toMatchObject({ count: 2, byStatus: { returned: 2 } })
    expect(sleep!.mean).toBeGreaterThan(15)
    expect(sleep!.p99).toBeGreaterThanOrEqual(sleep!.median)
    expect(fail).toMatchObject({ count: 1, byStatus: { failed: 1 } })
    expect(daemon.inspect().plugins.workers).toMatchObject({
      subject: { size: 1, methods: { sleep: { count: 2 } } },
    })
  })

  test('runs a call inline, in the daemon itself', async () => {
    const { pool } = await startSubject({ strategy: 'lazy' })
    expect(await pool.inline.pid()).toBe(process.pid)
    expect(await pool.inline.count()).toBe(101)
    await expect(pool.inline.fail('inline')).rejects.toMatchObject({ name: 'UnluckyError' })
    expect(sandbox().processes()).toHaveLength(0)
  })
})

describe('handlers', () => {
  test('onReturn gets each returned call', async () => {
    const seen: unknown[] = []
    const { subject, pool, log } = await startSubject({
      onReturn(call: { method: string; result: unknown }, say: (message: string) => void) {
        seen.push([call.method, call.result])
        say(`got ${call.method}`)
      },
    })
    const remove = pool.onReturn((call) => seen.push(call.id))
    const call = subject.add(1, 2)
    await call
    await waitUntil(() => seen.length === 2)
    expect(seen).toEqual([['add', 3], call.id])
    expect(log.some((record) => record.label === 'subject' && record.message === 'got add')).toBe(true)
    remove()
    await subject.add(1, 2)
    await waitUntil(() => seen.length === 3)
  })

  test('of the event `call` hear of every call that settles', async () => {
    const { subject, daemon } = await startSubject()
    const seen: string[] = []
    daemon.on('call', (call) => seen.push(`${call.pool}.${call.method} ${call.status}`))
    await subject.add(1, 2)
    await subject.fail('x').catch(() => {})
    expect(seen).toEqual(['subject.add returned', 'subject.fail failed'])
  })

  test('that throw do not harm the call', async () => {
    const { subject, errors } = await startSubject({
      onReturn() {
        throw new Error('handler broke')
      },
    })
    expect(await subject.add(1, 2)).toBe(3)
    await waitUntil(() => errors.some((message) => message.includes('onReturn failed: handler broke')))
  })

  test('onTimeout can have the call tried again, without any attempts overlapping', async () => {
    const tries: number[] = []
    const { subject } = await startSubject({
      timeout: 300,
      onTimeout(call: { retries: number; pid: number; retry(): void }) {
        tries.push(call.pid)
        // The process that ran it is confirmed dead by now.
        expect(() => process.kill(call.pid, 0)).toThrow(/ESRCH/)
        if (call.retries < 2) call.retry()
      },
    })
    const call = subject.spin()
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_TIMEOUT', retries: 2 })
    expect(call.status).toBe('timeout')
    expect(new Set(tries).size).toBe(3)
  })
})

describe('cancelling', () => {
  test('takes a waiting call from the queue', async () => {
    const { subject } = shared()
    const first = subject.sleep(100)
    const second = subject.sleep(100)
    second.cancel()
    await expect(second).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED' })
    expect(second.status).toBe('cancelled')
    await first
  })

  test('aborts the signal of a running call, and settles when it has ended', async () => {
    const { subject } = shared()
    const pid = await subject.pid()
    const call = subject.waitForAbort()
    await waitUntil(() => call.status === 'running')
    call.cancel()
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED' })
    expect(await subject.pid()).toBe(pid)
  })

  test('kills the process of a call that does not listen', async () => {
    const { subject } = await startSubject({ killAfter: 100 })
    const call = subject.spin()
    await waitUntil(() => call.status === 'running')
    call.cancel()
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED' })
    expect(await subject.add(1, 1)).toBe(2)
  })

  test('a settled call changes nothing; retrying it makes a new call', async () => {
    const { subject } = await startSubject()
    const call = subject.count()
    await call
    call.cancel()
    const again = call.retry()
    expect(again).not.toBe(call)
    expect(await again).toBe(102)
    expect(again.retries).toBe(1)
    expect(call.status).toBe('returned')
  })
})

describe('the worker context', () => {
  test('logs to the daemon, with the process and the pool', async () => {
    const { subject, log, errors } = shared()
    const pid = await subject.pid()
    await subject.speak()
    await waitUntil(() => log.filter((record) => record.pid === pid).length >= 3)
    expect(log).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ pid, label: 'subject', level: 'info', message: 'said this' }),
        expect.objectContaining({ pid, label: 'subject', level: 'error', message: 'complained' }),
        expect.objectContaining({ pid, message: 'printed this' }),
      ]),
    )
    expect(errors).toContain('complained')
  })

  test('logs whatever it is given, and so does the log of a handler', async () => {
    const { subject, pool, log, errors } = await startSubject()
    pool.onReturn((call, write) => write('returned', new Error(call.method), { sent: 3 }))
    const pid = await subject.pid()
    await subject.babble()
    expect(await subject.pid()).toBe(pid)
    const parts = [/bad line.*no end/s, /torn.*Symbol\(odd\)/s, /torn.*sent: 3/s]
    for (const part of parts) expect(log.filter(({ message }) => part.test(message))).toHaveLength(2)
    expect(log.filter(({ label }) => label === 'odd label')).toHaveLength(2)
    expect(errors).toHaveLength(3)
    expect(log.filter(({ message }) => /^returned Error: pid.*sent: 3/s.test(message))).toHaveLength(2)
  })

  test('reads what a plugin shares, now and after a change', async () => {
    const { subject, share } = shared()
    expect(await subject.shared('notes')).toEqual({ text: 'first' })
    share({ text: 'second' })
    expect(await subject.shared('notes')).toEqual({ text: 'second' })
    await expect(subject.shared('nodes')).rejects.toMatchObject({ code: 'SD_WORKERS_NOT_SHARED' })
    await expect(subject.shared('__proto__')).rejects.toMatchObject({
      code: 'SD_WORKERS_NOT_SHARED',
      message: expect.stringContaining('notes'),
    })
  })

  test('knows the call, its signal, and goes on at a breakpoint nobody asked for', async () => {
    const { subject } = shared()
    const call = subject.me()
    expect(await call).toEqual({
      call: { id: call.id, method: 'me', retries: 0 },
      aborted: false,
      breakpoint: true,
    })
  })

  test("sees the daemon's own command line", async () => {
    const { subject } = shared()
    expect(await subject.argv()).toEqual([process.argv[1], ...process.argv.slice(2)])
  })
})

describe('recycling', () => {
  test('replaces a process after its calls, a little before the limit', async () => {
    const { subject } = await startSubject({ recycle: { calls: 8 } })
    const runs = new Map<number, number>()
    for (let n = 0; n < 24; n++) {
      const pid = await subject.pid()
      runs.set(pid, (runs.get(pid) ?? 0) + 1)
    }
    expect(runs.size).toBeGreaterThanOrEqual(3)
    for (const count of [...runs.values()].slice(0, -1)) {
      expect(count).toBeGreaterThanOrEqual(6)
      expect(count).toBeLessThanOrEqual(8)
    }
  })

  test.each([
    ['one call each', { recycle: { calls: 1 } }, 1],
    ['as many as run at a time', { concurrency: 10, recycle: { calls: 10 } }, 10],
    ['brief calls that wait', { recycle: { calls: 2 } }, 8],
    ['an age that is over before it is ready', { recycle: { age: 1 } }, 3],
  ])('gets calls done with hardly a process too many: %s', async (_, options, count) => {
    const { subject, daemon } = await startSubject(options)
    let forked = 0
    daemon.on('fork', () => void forked++)
    const calls = await Promise.all(Array.from({ length: count }, () => subject.pid()))
    expect(calls).toHaveLength(count)
    // The last one may have its replacement already.
    expect(forked).toBeLessThanOrEqual(new Set(calls).size + 1)
  })

  test('replaces a process that has grown too large', async () => {
    const { subject } = await startSubject({ recycle: { memory: 250 * 1024 * 1024 } })
    const pid = await subject.allocate(300 * 1024 * 1024)
    await waitUntil(async () => (await subject.sleep(20)) !== pid)
  })

  test('replaces idle processes by age, one at a time, and loses no call', async () => {
    const { subject, daemon } = await startSubject({ size: 3, strategy: 'aggressive', recycle: { age: 400 } })
    const reaped: number[] = []
    daemon.on('reap', ({ pid }) => reaped.push(pid))
    let done = 0
    while (reaped.length < 4) {
      await Promise.all([1, 2, 3].map(() => subject.sleep(10)))
      done += 3
    }
    expect(done).toBeGreaterThan(0)
  })
})
