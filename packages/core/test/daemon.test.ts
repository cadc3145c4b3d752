import { getPriority, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import {
  createDaemon,
  Daemon,
  definePlugin,
  isDaemon,
  type Restarter,
  type StopReport,
  systemClock,
} from '../src/index.ts'
import { CollectingLogger } from './collecting-logger.ts'

const counter = () => definePlugin('counter', () => ({ service: { count: 0 } }))

describe('the two styles', () => {
  test('a composed daemon sees its plugins and itself in each hook', async () => {
    const seen: string[] = []
    const daemon = createDaemon({
      name: 'composed',
      interval: 1,
      logger: new CollectingLogger(),
      signals: false,
    })
      .use(counter())
      .setup((self) => void seen.push(`setup ${self.counter.count}`))
      .execute((self) => {
        self.counter.count++
        if (self.counter.count === 3) void self.stop()
      })
      .teardown((self, reason) => void seen.push(`teardown ${self.counter.count} ${reason}`))
    await daemon.run()
    expect(seen).toEqual(['setup 0', 'teardown 3 stop'])
    expect(daemon.name).toBe('composed')
  })

  test('a class fills in the blanks', async () => {
    const seen: string[] = []
    class PrimeHTTPServer extends Daemon {
      counter = this.plugin(counter())
      // What the author names as they like is theirs.
      settings = 5
      hooks = 6
      override interval = 1
      override signals = false
      override logger = new CollectingLogger()
      override checkEnvironment() {
        seen.push('check')
        return []
      }
      override async setup() {
        seen.push(`setup ${this.name}`)
      }
      override async execute() {
        if (++this.counter.count === 3) void this.stop()
      }
      override async teardown(reason: string) {
        seen.push(`teardown ${this.counter.count} ${reason}`)
      }
    }
    await new PrimeHTTPServer().run()
    expect(seen).toEqual(['check', 'setup prime-http-server', 'teardown 3 stop'])
  })

  test('a class with wrong settings says so when it runs', async () => {
    class Wrong extends Daemon {
      override interval = -5
    }
    await expect(new Wrong().run()).rejects.toMatchObject({
      code: 'SD_CORE_OPTIONS',
      message: expect.stringMatching(/^Wrong: option "interval" must be/),
    })
  })

  test('hooks that are no functions are refused', () => {
    const daemon = createDaemon({ name: 'x' })
    for (const hook of ['setup', 'execute', 'teardown', 'checkEnvironment'] as const) {
      expect(() => daemon[hook]('go' as never)).toThrow(`${hook}() takes a function, not "go".`)
    }
  })

  test('both are recognised, and nothing else is', () => {
    class Other extends Daemon {}
    expect([new Other(), createDaemon({ name: 'x' })].map(isDaemon)).toEqual([true, true])
    expect([null, undefined, {}, Other, 'daemon'].map(isDaemon)).toEqual(Array(5).fill(false))
  })
})

describe('what a daemon knows of itself', () => {
  test('is kept up to date, beside what the program sets', async () => {
    const daemon = createDaemon({ name: 'x', logger: new CollectingLogger(), signals: false, verbose: true })
    expect([daemon.get('startTime'), daemon.get('state'), daemon.is('shutdown')]).toEqual([
      undefined,
      'created',
      false,
    ])
    daemon.set('colour', 'blue')
    const states: string[] = []
    daemon.setup((self) => void states.push(self.get('state')))
    daemon.execute((self) => {
      states.push(self.get('state'))
      void self.stop()
      states.push(`${self.get('state')} ${self.is('shutdown')}`)
    })
    daemon.teardown((self) => void states.push(self.get('state')))
    await daemon.run()
    expect(states).toEqual(['starting', 'running', 'draining true', 'stopping'])
    expect(daemon.get('startTime')).toBeInstanceOf(Date)
    expect([daemon.get('parent'), daemon.get('colour'), daemon.get('nothing')]).toEqual([
      process.pid,
      'blue',
      undefined,
    ])
    expect([daemon.is('verbose'), daemon.is('daemonized'), daemon.get('constructor')]).toEqual([
      true,
      false,
      undefined,
    ])
  })

  test('is shown by inspect()', async () => {
    const daemon = createDaemon({ name: 'x', interval: 1, logger: new CollectingLogger(), signals: false })
    daemon.use(counter())
    daemon.execute((self) => {
      if (self.inspect().loop.iterations === 5) void self.stop()
    })
    await daemon.run()
    expect(daemon.inspect()).toMatchObject({ name: 'x', pid: process.pid, state: 'stopped', plugins: {} })
    expect(daemon.inspect().loop.iterations).toBe(6)
    expect(daemon.inspect()).toMatchObject({
      interval: 1,
      priority: getPriority(),
      user: userInfo().username,
    })
  })
})

describe('messages', () => {
  test('go to the logger with pid and label', () => {
    const logger = new CollectingLogger()
    const daemon = createDaemon({ name: 'x', logger })
    daemon.log('one')
    daemon.log('two', 'other')
    daemon.debug('three')
    daemon.error('four')
    const pid = process.pid
    expect(logger.entries).toEqual([
      { level: 'info', facts: { pid, label: 'x' }, message: 'one' },
      { level: 'info', facts: { pid, label: 'other' }, message: 'two' },
      { level: 'error', facts: { pid, label: 'x' }, message: 'four' },
    ])
  })

  test('of debug are logged by a verbose daemon, and by one that becomes verbose', () => {
    const logger = new CollectingLogger()
    createDaemon({ name: 'x', logger, verbose: true }).debug('one')
    const daemon = createDaemon({ name: 'x', logger })
    daemon.debug('silent')
    daemon.set('verbose', true)
    daemon.debug('two')
    expect(logger.entries.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'debug one',
      'debug two',
    ])
  })

  test('reach the listeners of `log` as records', () => {
    const daemon = createDaemon({ name: 'x', logger: new CollectingLogger() })
    const records: unknown[] = []
    daemon.on('log', (record) => void records.push(record))
    daemon.log('one')
    expect(records).toEqual([
      { time: expect.any(Date), pid: process.pid, label: 'x', level: 'info', message: 'one' },
    ])
  })

  test('that are no strings are shown as they are', () => {
    const logger = new CollectingLogger()
    const daemon = createDaemon({ name: 'x', logger })
    for (const value of [undefined, 5, { a: 1 }]) {
      daemon.log(value as never)
      daemon.error(value as never)
    }
    expect(logger.messages).toEqual(['undefined', 'undefined', '5', '5', '{ a: 1 }', '{ a: 1 }'])
  })
})

test('terminate does what SIGTERM does', async () => {
  const logger = new CollectingLogger()
  const daemon = createDaemon({ name: 'x', logger, signals: false })
  daemon.execute(() => daemon.terminate('an operator'))
  expect(await daemon.run()).toMatchObject({ reason: 'signal', signal: 'SIGTERM', exitCode: 0 })
  expect(logger.find(/an operator: stopping/)).toHaveLength(1)
})

test('to terminate a second time brings the deadline forward, also for a teardown that has begun', async () => {
  const daemon = createDaemon({ name: 'x', logger: new CollectingLogger(), signals: false })
  daemon.execute(() => daemon.terminate())
  daemon.teardown(() => {
    setImmediate(() => {
      daemon.terminate('who does not mind', false)
      daemon.terminate('who is in a hurry')
    })
    return new Promise(() => {})
  })
  const { unfinished } = await daemon.run()
  expect(unfinished).toEqual([{ who: 'daemon.teardown', what: 'did not end in time' }])
})

describe('restarting', () => {
  afterEach(() => {
    jest.restoreAllMocks()
  })

  function restartable(restart: Restarter['restart'] = () => {}, upBefore = 0) {
    const orders: object[] = []
    const logger = new CollectingLogger()
    const reasons: string[] = []
    const events: string[] = []
    const daemon = createDaemon({ name: 'x', logger, signals: false })
    daemon.provideRestarter({
      upBefore,
      restart(order) {
        orders.push({ reason: order.reason, failed: order.failed })
        expect(daemon.state).toBe('stopped')
        reasons.push(order.reason)
        return restart(order)
      },
    })
    daemon.on('restart', ({ reason }) => void events.push(reason))
    return { daemon, logger, reasons, events, orders }
  }

  const elapse = (milliseconds: number): void => {
    const now = systemClock.now
    jest.spyOn(systemClock, 'now').mockImplementation(() => now() + milliseconds)
  }

  test('is refused in a plain shell', async () => {
    const daemon = createDaemon({ name: 'x', logger: new CollectingLogger() })
    await expect(daemon.restart()).rejects.toMatchObject({ code: 'SD_CORE_RESTART' })
    expect(daemon.state).toBe('created')
  })

  test('stops the daemon and hands over to the restarter, once', async () => {
    const { daemon, reasons, events } = restartable()
    daemon.execute(() => {
      void daemon.restart('new settings')
      void daemon.restart('and again')
    })
    expect(await daemon.run()).toMatchObject({ reason: 'restart', exitCode: 0 })
    expect([reasons, events]).toEqual([['new settings'], ['new settings']])
  })

  test('that fails is a fatal error', async () => {
    const { daemon, logger } = restartable(() => Promise.reject(new Error('no successor')))
    daemon.execute(() => void daemon.restart())
    const reports: StopReport[] = [await daemon.run(), await daemon.stop()]
    expect(reports.map(({ exitCode }) => exitCode)).toEqual([1, 1])
    expect(logger.find(/no successor/)).toHaveLength(1)
    expect(logger.find(/^Stopped after/)).toHaveLength(1)
  })

  test('follows a fatal error once the daemon has been up for 10 s', async () => {
    const { daemon, reasons, events } = restartable()
    daemon.execute(() => {
      elapse(10_001)
      throw new Error('worn out')
    })
    expect(await daemon.run()).toMatchObject({ reason: 'fatal' })
    expect([reasons, events]).toEqual([['a fatal error: worn out'], ['a fatal error: worn out']])
  })

  test('does not follow a fatal error before', async () => {
    const { daemon, reasons } = restartable()
    daemon.execute(() => {
      elapse(9_000)
      throw new Error('too young')
    })
    expect(await daemon.run()).toMatchObject({ reason: 'fatal', exitCode: 1 })
    expect(reasons).toEqual([])
  })

  test('does not follow a failed start, nor a fatal error while it stops', async () => {
    const failing = restartable()
    failing.daemon.setup(() => {
      elapse(20_000)
      throw new Error('no')
    })
    await expect(failing.daemon.run()).rejects.toThrow('no')
    const stopping = restartable()
    stopping.daemon.execute(() => void stopping.daemon.stop())
    stopping.daemon.teardown(() => stopping.daemon.fatalError('late'))
    await stopping.daemon.run()
    expect([failing.reasons, stopping.reasons]).toEqual([[], []])
  })

  test('follows a failed start of a daemon that has shown before that it can live', async () => {
    const { daemon, orders } = restartable(undefined, 10_000)
    daemon.setup(() => Promise.reject(new Error('no database')))
    await expect(daemon.run()).rejects.toThrow('no database')
    expect(orders).toEqual([{ reason: 'a failed start: no database', failed: true }])
  })

  test('can be put off by the restarter, and is dropped when the daemon is told to stop meanwhile', async () => {
    const answers: boolean[] = []
    const { daemon } = restartable(async ({ pause }) => {
      answers.push(await pause(1))
      setImmediate(() => daemon.terminate('a test'))
      answers.push(await pause(60_000))
    })
    daemon.execute(() => void daemon.restart())
    expect(await daemon.run()).toMatchObject({ reason: 'restart', exitCode: 0 })
    expect(answers).toEqual([true, false])
  })

  test('is due after autoRestartInterval, and its timer goes with the daemon', async () => {
    const timers: number[] = []
    const after = systemClock.after
    jest.spyOn(systemClock, 'after').mockImplementation((delay, action, keepAlive) => {
      timers.push(delay)
      return after(delay === 12 * 3_600_000 ? 20 : delay, action, keepAlive)
    })
    const { daemon, reasons } = restartable()
    expect(await daemon.run()).toMatchObject({ reason: 'restart' })
    expect(timers).toContain(12 * 3_600_000)
    expect(reasons).toEqual(['the automatic restart is due'])
    await sleep(1)
  })
})
