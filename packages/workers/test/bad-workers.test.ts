import { describe, expect, test } from '@jest/globals'
import { failsInSetup, hardErrors, hostile, hostObjects } from './fixtures/hostile.ts'
import { shareDaemon, testDaemons } from './test-daemons.ts'

const { start } = testDaemons()

const daemon = shareDaemon({ hostile: { worker: hostile } }, ({ hostile }) => hostile.pid())
const shared = () => ({ ...daemon(), hostile: daemon().workers.hostile })

describe('a worker gone bad', () => {
  test.each([
    'a million empty messages',
    'as many empty messages as a batch may have',
    'an unknown message that cannot be shown',
    'two hundred thousand attachments',
    'frames of a kind that is not a worker’s',
  ])('that writes %s is killed for the first, and its daemon goes on', async (kind) => {
    const { workers, errors } = await start({ hostile: { worker: hostile } })
    const { flood, pid: pidOf } = workers.hostile
    const pid = await pidOf()
    await expect(flood(kind)).rejects.toMatchObject({
      code: 'SD_WORKERS_DIED',
      cause: { code: 'SD_PROCESS_PROTOCOL' },
    })
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
    expect(await pidOf()).not.toBe(pid)
    expect(errors.length).toBeLessThan(10)
  })

  test('that logs twenty million lines has the first of them logged, and how much was cut', async () => {
    const { hostile, log } = shared()
    await hostile.logLines(20_000_000)
    const record = log.find(({ label }) => label === 'hostile')!
    expect(record.message.split('\n').length).toBeLessThan(20_000)
    expect(record.message).toMatch(/\(199\d\d\d\d\d more characters were cut\)$/)
  })

  test('that prints a hundred thousand lines has all of them logged, while the daemon goes on', async () => {
    const { hostile, log } = shared()
    await hostile.pid()
    const printed = hostile.printLines(100_000)
    const lines = (): number => log.filter(({ message }) => message === '').length
    // Calls are answered between two of them.
    let asked = 0
    while (lines() < 100_000) {
      await hostile.pid()
      asked++
    }
    await printed
    expect(lines()).toBe(100_000)
    expect(asked).toBeGreaterThan(10)
  })
})

describe('what cannot be sent as what it is', () => {
  test.each(Object.keys(hostObjects))('%s is refused as a result, and as an argument', async (kind) => {
    const { hostile } = shared()
    const pid = await hostile.pid()
    await expect(hostile.host(kind)).rejects.toMatchObject({
      code: 'SD_WORKERS_UNCLONABLE',
      path: 'result.list[1]',
    })
    await expect(hostile.echo({ a: new Map([['k', hostObjects[kind]!()]]) })).rejects.toMatchObject({
      code: 'SD_WORKERS_UNCLONABLE',
      path: 'args[0].a.get("k")',
    })
    expect(await hostile.pid()).toBe(pid)
  })

  test('the reason of an aborted signal is refused within a result', async () => {
    const { hostile } = shared()
    await expect(hostile.settled()).rejects.toMatchObject({
      code: 'SD_WORKERS_UNCLONABLE',
      path: 'result[0].reason',
    })
  })

  test('instances of one’s own classes arrive as plain objects, as ever', async () => {
    class Point {
      x = 1
      readonly date = new Date(0)
      get [Symbol.toStringTag]() {
        return 'Point'
      }
    }
    const { hostile } = shared()
    expect(
      await hostile.echo([
        new Point(),
        Object.create(null),
        new (class extends Map<number, number> {})([[1, 2]]),
      ]),
    ).toEqual([{ x: 1, date: new Date(0) }, {}, new Map([[1, 2]])])
  })
})

describe('an error that is hard to send', () => {
  test.each(Object.keys(hardErrors))(
    'with %s for a fact and a cause keeps all that can be sent',
    async (kind) => {
      const { hostile } = shared()
      const pid = await hostile.pid()
      const error = await hostile.fail(kind).then(
        () => undefined,
        (thrown: Error) => thrown,
      )
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({
        message: `hard: ${kind}`,
        code: 'E_HARD',
        fine: [1],
        method: 'fail',
        pid,
        stack: expect.stringContaining('hardError'),
      })
      expect(error).toHaveProperty('fact')
      expect(await hostile.pid()).toBe(pid)
    },
  )

  test.each([...failsInSetup])('in setup, with %s, is what the start fails with', async (kind, worker) => {
    const daemon = await start({ bad: { worker, strategy: 'lazy' } })
    await expect(daemon.workers.bad.work()).rejects.toMatchObject({
      code: 'SD_WORKERS_START_FAILED',
      message: expect.stringContaining(`hard: ${kind}`),
      cause: { cause: { code: 'E_HARD', fine: [1], stack: expect.stringContaining('hardError') } },
    })
  })

  test('of an aborted signal has its name and code', async () => {
    const { hostile } = shared()
    await expect(hostile.failAborted()).rejects.toMatchObject({ name: 'AbortError', code: 20 })
  })

  test('of 300 MB is cut', async () => {
    const { hostile } = shared()
    const pid = await hostile.pid()
    const error = await hostile.failLong().then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error).toMatchObject({ code: 'E_LONG', method: 'failLong', pid })
    expect(error!.message).toMatch(/^x+\.\.\. \(\d+ more characters\)$/)
    expect(await hostile.pid()).toBe(pid)
  })

  test('that gathers ten thousand keeps them', async () => {
    const { hostile } = shared()
    const error = (await hostile.failMany().then(
      () => undefined,
      (thrown) => thrown,
    )) as AggregateError
    expect(error.errors).toHaveLength(10_000)
    expect(error.errors[9999]).toMatchObject({ name: 'RangeError', message: '9999', n: 9999 })
  })

  test.each(['null', 'undefined'] as const)('which is %s is an error that says so', async (kind) => {
    const { hostile } = shared()
    await expect(hostile.failWithout(kind)).rejects.toMatchObject({ message: expect.stringContaining(kind) })
  })

  test('whose facts are named like what every error has changes nothing of that', async () => {
    const { hostile } = shared()
    const error = (await hostile.failForged().then(
      () => undefined,
      (thrown) => thrown,
    )) as Error
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('Error: forged')
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype)
    expect(error).toMatchObject({ fine: 5 })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
