import { runInNewContext } from 'node:vm'
import { describe, expect, jest, test } from '@jest/globals'
import {
  createDaemon,
  Daemon,
  type DaemonEvents,
  definePlugin,
  type PluginHost,
  SdError,
  toError,
} from '@sd/core'
import { CollectingLogger } from './collecting-logger.ts'

const bomb = (): never => {
  throw new Error('a trap')
}
const brokenError = (member: string): Error => Object.defineProperty(new Error('hull'), member, { get: bomb })

/** What defends itself against being printed. */
const HOSTILE: Readonly<Record<string, () => unknown>> = {
  'an error whose stack throws': () => brokenError('stack'),
  'an error whose message throws': () => brokenError('message'),
  'an error whose name throws': () => brokenError('name'),
  'an error whose cause throws': () => brokenError('cause'),
  'an error with a symbol as message': () => Object.assign(new Error(), { message: Symbol('hull') }),
  'an error with an object as stack': () => Object.assign(new Error('hull'), { stack: Object.create(null) }),
  'an error that is its own cause': () => {
    const error = new Error('hull')
    error.cause = error
    return error
  },
  'an error of another realm': () => runInNewContext("new Error('hull')"),
  'a proxy of an error that throws': () => new Proxy(new Error('hull'), { get: bomb, getPrototypeOf: bomb }),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  'a proxy that throws': () => new Proxy({}, { get: bomb, ownKeys: bomb, getPrototypeOf: bomb, has: bomb }),
  'an object whose inspection throws': () => ({
    [Symbol.for('nodejs.util.inspect.custom')]: bomb,
    kept: 'hull',
  }),
  'an object whose conversions throw': () => ({ toString: bomb, valueOf: bomb, [Symbol.toPrimitive]: bomb }),
  'a throwing getter': () => ({
    get hull() {
      return bomb()
    },
  }),
  'an object without a prototype': () => Object.create(null),
  'a symbol': () => Symbol('hull'),
  'a bigint': () => 12n,
  'a function': () => bomb,
  'a cycle': () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    return cycle
  },
  null: () => null,
  'not a number': () => Number.NaN,
  'a very deep object': () => {
    let deep: object = {}
    for (let level = 0; level < 20_000; level++) deep = { deep }
    return deep
  },
}

function createLogging() {
  const logger = new CollectingLogger()
  const errors: DaemonEvents['error'][] = []
  let host!: PluginHost
  const daemon = createDaemon({ name: 'logging', verbose: true, signals: false, logger }).use(
    definePlugin('plug', (given) => {
      host = given
      return { service: {} }
    }),
  )
  daemon.on('error', (payload) => errors.push(payload))
  return { daemon, host, logger, errors }
}

describe('log, debug and error', () => {
  test('take a second string as the label and print everything else as the console would', () => {
    const { daemon, host, logger, errors } = createLogging()
    const cause = new Error('no such file')
    const error = Object.assign(new Error('cannot parse', { cause }), { code: 'E_PARSE' })
    daemon.log('done', 'mail')
    daemon.log('done', { sent: 3 }, [1, 'two'])
    daemon.log('done', 'mail', { sent: 3 })
    daemon.log('%d of %s', 3, 'x')
    daemon.log('100%s')
    daemon.log('done', undefined)
    daemon.log(undefined)
    daemon.log()
    host.log('done', 7)
    host.log('done', 'mail', 7)
    host.log()
    const told = logger.entries.map(({ facts, message }) => [facts.label, message])
    expect(told).toEqual([
      ['mail', 'done'],
      ['logging', "done { sent: 3 } [ 1, 'two' ]"],
      ['mail', 'done { sent: 3 }'],
      ['logging', '3 of x'],
      ['logging', '100%s'],
      ['logging', 'done'],
      ['logging', 'undefined'],
      ['logging', ''],
      ['plug', 'done 7'],
      ['mail', 'done 7'],
      ['plug', ''],
    ])
    logger.entries.length = 0

    daemon.error('skipped', error)
    host.error('skipped', 'ini', error)
    daemon.debug(error)
    for (const { message } of logger.entries) {
      for (const part of ['cannot parse', 'E_PARSE', '[cause]', 'no such file', 'log-anything.test']) {
        expect(message).toContain(part)
      }
    }
    expect(logger.entries.map(({ level, facts }) => [level, facts.label])).toEqual([
      ['error', 'logging'],
      ['error', 'ini'],
      ['debug', 'logging'],
    ])
    expect(errors.map((payload) => payload.error)).toEqual([error, error])
    expect(errors[0]!.message).toContain('skipped')
  })

  test.each(Object.entries(HOSTILE))('survive %s, and what stands beside it is kept', (_, make) => {
    const { daemon, host, logger, errors } = createLogging()
    for (const subject of [daemon, host]) {
      for (const write of [subject.log, subject.debug, subject.error]) {
        write.call(subject, make())
        write.call(subject, 'beside', make(), 'kept')
        write.call(subject, 'beside', 'label', make(), 'kept')
        write.call(subject, '%s %o', make(), make(), 'kept')
      }
    }
    expect(logger.entries).toHaveLength(24)
    expect(logger.find(/beside .*kept/s)).toHaveLength(12)
    expect(errors).toHaveLength(8)
  })

  test.each(Object.entries(HOSTILE))('fatalError survives %s', async (_, make) => {
    const { daemon, logger } = createLogging()
    daemon.setup(() => daemon.fatalError('broken', make()))
    const { reason, error, exitCode } = await daemon.run()
    expect({ reason, exitCode, isError: error instanceof Error }).toEqual({
      reason: 'fatal',
      exitCode: 1,
      isError: true,
    })
    expect(logger.find(/broken/)).not.toHaveLength(0)
  })

  test('fatalError keeps the error that it is given beside a message', async () => {
    const { daemon } = createLogging()
    const cause = new Error('no such file')
    daemon.setup(() => daemon.fatalError('cannot parse', cause))
    expect(await daemon.run()).toMatchObject({
      error: { code: 'SD_CORE_FATAL', message: 'cannot parse', cause },
    })
  })

  test('a record of a plugin need not be a good one', () => {
    const { host, logger } = createLogging()
    host.record({ pid: 1, label: 5, message: Symbol('x'), time: 'noon' } as never)
    expect(logger.entries).toMatchObject([{ facts: { label: '5' }, message: 'Symbol(x)' }])
  })
})

describe('what fails on the way of an error', () => {
  test.each(Object.entries(HOSTILE))('setup that throws %s is a failed start', async (_, make) => {
    const { daemon } = createLogging()
    daemon.setup(() => {
      throw make()
    })
    const thrown = await daemon.run().catch((error: unknown) => error)
    expect(typeof (thrown as Error).message).toBe('string')
    expect((await daemon.stop()).reason).toBe('failed-start')
  })

  test.each(Object.entries(HOSTILE))('a listener that throws %s stops nobody', (_, make) => {
    const { daemon, errors } = createLogging()
    const heard: unknown[] = []
    daemon.on('idle', () => {
      throw make()
    })
    daemon.on('error', () => {
      throw make()
    })
    daemon.on('idle', (payload) => heard.push(payload))
    daemon.dispatch('idle', { available: 1 })
    daemon.dispatch('error', make() as never)
    expect(heard).toHaveLength(1)
    expect(errors).not.toHaveLength(0)
  })

  test.each(Object.entries(HOSTILE))('toError and SdError take %s', (_, make) => {
    const error = toError(make())
    expect([typeof error.message, typeof error.name]).toEqual(['string', 'string'])
    const made = new SdError('SD_TEST', make() as never, make() as never)
    expect([made.code, typeof made.message]).toEqual(['SD_TEST', 'string'])
    expect(new SdError('SD_TEST', 'x', { fact: make() }).message).toBe('x')
  })

  test('an error given as details is the cause, and no fact changes what the error is', () => {
    const cause = new Error('x')
    expect(new SdError('SD_TEST', 'x', cause as never).cause).toBe(cause)
    const made = new SdError('SD_TEST', 'x', JSON.parse('{ "__proto__": { "a": 1 }, "b": 2 }'))
    expect(made).toBeInstanceOf(SdError)
    expect(made.b).toBe(2)
  })
})

describe('a logger of the user that fails', () => {
  test.each([
    ['throws', bomb],
    ['rejects', () => Promise.reject(new Error('a trap'))],
    [
      'throws what cannot be read',
      () => {
        throw brokenError('message')
      },
    ],
  ])('%s: the message goes to stderr', async (_, fail) => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue()
    class Unlucky extends Daemon {
      override logger = { debug: fail, info: fail, error: fail, fatal: fail }
      override signals = false
    }
    const daemon = new Unlucky()
    daemon.log('lost?', { a: 1 })
    daemon.error('lost, too?')
    await new Promise((resolve) => setImmediate(resolve))
    const told = warn.mock.calls.map(([text]) => String(text))
    warn.mockRestore()
    expect(told).toEqual([expect.stringContaining('lost? { a: 1 }'), expect.stringContaining('lost, too?')])
  })
})

describe('handed on as they are', () => {
  test.each(['log', 'debug', 'error', 'fatalError'] as const)('%s logs', async (name) => {
    const logger = new CollectingLogger()
    const daemon = createDaemon({ name: 'x', logger, signals: false, verbose: true }).setup(
      async (daemon) => {
        await Promise.reject(new Error('hull')).catch(daemon[name])
        void daemon.stop()
      },
    )
    await daemon.run()
    expect(logger.entries.filter(({ message }) => message.includes('hull'))).toHaveLength(1)
  })

  test('log is the one that a class has overridden, and no member to be seen', async () => {
    const heard: unknown[] = []
    class Loud extends Daemon {
      override signals = false
      override logger = new CollectingLogger()
      override log(...values: unknown[]): void {
        heard.push(values[0])
        super.log(...values)
      }
    }
    const daemon = new Loud()
    daemon.on('started', () => void daemon.stop())
    ;['hull'].forEach(daemon.log)
    await daemon.run()
    expect(heard).toContain('hull')
    expect(Object.keys(daemon)).not.toContain('log')
  })
})
