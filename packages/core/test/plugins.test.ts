import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, jest, test } from '@jest/globals'
import {
  type Awaitable,
  type ComposedDaemon,
  createDaemon,
  Daemon,
  type DaemonOptions,
  definePlugin,
  type PluginHost,
  type PluginInstance,
} from '../src/index.ts'
import { CollectingLogger } from './collecting-logger.ts'

type Hooks = Omit<PluginInstance<unknown>, 'service'>

/** A daemon that notes what happens, with one plugin for each entry of `plugins`. */
function watchDaemon(plugins: Record<string, Hooks> = {}, options: Partial<DaemonOptions> = {}) {
  const logger = new CollectingLogger()
  const steps: string[] = []
  const daemon: ComposedDaemon = createDaemon({ name: 'watched', logger, signals: false, ...options })
  for (const [name, hooks] of Object.entries(plugins)) daemon.use(noting(name, hooks, steps))
  daemon.on('init', () => void steps.push('init'))
  daemon.on('shutdown', ({ reason }) => void steps.push(`shutdown: ${reason}`))
  let setup: (self: ComposedDaemon) => Awaitable<void> = () => void steps.push('setup')
  daemon.setup((self) => setup(self))
  // A test may have one of its own in the place of this one.
  daemon.setup = (own) => {
    setup = own as typeof setup
    return daemon
  }
  daemon.teardown((_, reason) => void steps.push(`teardown: ${reason}`))
  return { daemon, steps, logger }
}

function noting(name: string, hooks: Hooks, steps: string[]) {
  const note = (step: string): void => void steps.push(`${name}.${step}`)
  return definePlugin(name, () => ({
    service: {},
    ...hooks,
    setup() {
      note('setup')
      return hooks.setup?.()
    },
    drain(deadline, loopEnd, reason) {
      note('drain')
      return hooks.drain?.(deadline, loopEnd, reason)
    },
    teardown(reason) {
      note(`teardown: ${reason}`)
      return hooks.teardown?.(reason)
    },
  }))
}

const fail = (message: string) => () => {
  throw new Error(message)
}
const hang = (): Promise<never> => new Promise(() => {})

describe('plugins', () => {
  test('are set up in order, and torn down in reverse after all were drained', async () => {
    const { daemon, steps } = watchDaemon({ a: {}, b: {} })
    daemon.on('started', ({ pid }) => void steps.push(`started: ${pid}`))
    daemon.execute(() => {
      steps.push('execute')
      void daemon.stop()
    })
    expect(await daemon.run()).toMatchObject({ reason: 'stop', unfinished: [], exitCode: 0 })
    expect(steps).toEqual([
      ...['a.setup', 'b.setup', 'init', 'setup', `started: ${process.pid}`, 'execute'],
      ...['shutdown: stop', 'a.drain', 'b.drain', 'teardown: stop', 'b.teardown: stop', 'a.teardown: stop'],
    ])
  })

  test('are set up one after the other', async () => {
    const { daemon, steps } = watchDaemon({
      slow: { setup: () => sleep(30).then(() => void steps.push('slow is up')) },
      fast: {},
    })
    daemon.setup(() => void daemon.stop())
    await daemon.run()
    expect(steps.slice(0, 3)).toEqual(['slow.setup', 'slow is up', 'fast.setup'])
  })

  test('are drained all at once against one deadline', async () => {
    const deadlines = new Set<number>()
    let draining = 0
    let most = 0
    const drain: Hooks['drain'] = async (deadline) => {
      deadlines.add(deadline.at)
      most = Math.max(most, ++draining)
      await sleep(20)
      draining--
    }
    const { daemon } = watchDaemon({ a: { drain }, b: { drain }, c: { drain } })
    daemon.setup(() => void daemon.stop())
    const report = await daemon.run()
    expect(deadlines.size).toBe(1)
    expect(report.unfinished).toEqual([])
    expect(most).toBe(3)
  })

  test('that do not drain or tear down in time are reported, and the others get their turn', async () => {
    const { daemon, steps, logger } = watchDaemon(
      {
        a: {},
        b: { drain: hang, teardown: hang },
        c: { teardown: fail('no way') },
        d: { drain: fail('not me') },
      },
      { shutdownTimeout: 50 },
    )
    daemon.setup(() => void daemon.stop())
    const report = await daemon.run()
    expect(report.unfinished).toEqual([
      { who: 'b.drain', what: 'did not end in time' },
      { who: 'd.drain', what: 'failed: not me' },
      { who: 'c.teardown', what: 'failed: no way' },
      { who: 'b.teardown', what: 'did not end in time' },
    ])
    expect(report.exitCode).toBe(1)
    expect(steps.at(-1)).toBe('a.teardown: stop')
    expect(logger.find(/b\.drain did not end in time/)).toHaveLength(1)
  })

  test('a failed setup unwinds what had started, the failing one included', async () => {
    const { daemon, steps, logger } = watchDaemon({ a: {}, b: { setup: fail('b is broken') }, c: {} })
    daemon.execute(fail('never called'))
    await expect(daemon.run()).rejects.toThrow('b is broken')
    expect(steps).toEqual([
      ...['a.setup', 'b.setup', 'shutdown: failed-start', 'a.drain'],
      ...['b.teardown: failed-start', 'a.teardown: failed-start'],
    ])
    expect(daemon.state).toBe('stopped')
    expect(await daemon.stop()).toMatchObject({ reason: 'failed-start', exitCode: 1 })
    expect(logger.entries.find(({ level }) => level === 'fatal')).toMatchObject({ facts: { label: 'b' } })
  })

  test("a failed setup of the daemon's own unwinds everything", async () => {
    const { daemon, steps } = watchDaemon({ a: {} })
    daemon.setup(fail('not today'))
    await expect(daemon.run()).rejects.toThrow('not today')
    expect(steps.slice(-3)).toEqual(['a.drain', 'teardown: failed-start', 'a.teardown: failed-start'])
  })

  test.each(['set API_KEY', false, {}])(
    'an environment check that returns %p is told what to return',
    async (given) => {
      const { daemon } = watchDaemon({})
      daemon.checkEnvironment(() => given as never)
      await expect(daemon.run()).rejects.toMatchObject({
        code: 'SD_CORE_ENVIRONMENT',
        missing: [expect.stringMatching(/^daemon: .*array of strings, not/)],
      })
    },
  )

  test('all that is missing in the environment is reported together, and nothing starts', async () => {
    const { daemon, steps } = watchDaemon({
      a: { checkEnvironment: () => ['needs a socket', 'needs a disk'] },
      b: { checkEnvironment: async () => [] },
      c: { checkEnvironment: fail('cannot look') },
    })
    daemon.checkEnvironment(() => ['set API_KEY'])
    await expect(daemon.run()).rejects.toMatchObject({
      code: 'SD_CORE_ENVIRONMENT',
      missing: [
        'a: needs a socket',
        'a: needs a disk',
        'c: the environment check failed: cannot look',
        'daemon: set API_KEY',
      ],
      message: expect.stringContaining('- a: needs a disk\n'),
    })
    expect(steps).toEqual(['shutdown: failed-start'])
  })

  test('with the same name are refused', () => {
    const { daemon } = watchDaemon({ twin: {} })
    expect(() => daemon.use(definePlugin('twin', () => ({ service: 1 })))).toThrow(
      expect.objectContaining({ code: 'SD_CORE_PLUGIN_NAME', plugin: 'twin' }),
    )
  })

  test.each(['log', 'run', 'state', 'execute', 'logFile', 'interval', 'toString', 'constructor', 'then'])(
    'named like a member of the daemon (%s) are refused in both styles',
    (name) => {
      class Styled extends Daemon {}
      const plugin = definePlugin(name, () => ({ service: 1 }))
      const refused = expect.objectContaining({ code: 'SD_CORE_PLUGIN_NAME', plugin: name })
      expect(() => createDaemon({ name: 'composed' }).use(plugin)).toThrow(refused)
      expect(() => new Styled().use(plugin)).toThrow(refused)
    },
  )

  test.each(['', 'two words', '1st', 'a-b', undefined])('cannot be named %p', (name) => {
    expect(() => definePlugin(name as string, () => ({ service: 1 }))).toThrow(
      expect.objectContaining({ code: 'SD_CORE_PLUGIN_NAME' }),
    )
  })

  test.each([undefined, null, {}, 'ini', () => {}])('that are none (%p) are refused', (plugin) => {
    const daemon = createDaemon({ name: 'x' })
    expect(() => daemon.use(plugin as never)).toThrow(expect.objectContaining({ code: 'SD_CORE_PLUGIN' }))
    expect(() => daemon.use(definePlugin('broken', () => plugin as never))).toThrow(
      expect.objectContaining({ code: 'SD_CORE_PLUGIN' }),
    )
  })

  test('come too late once the daemon has started', async () => {
    const { daemon } = watchDaemon()
    const late: unknown[] = []
    daemon.setup(() => {
      try {
        daemon.use(definePlugin('late', () => ({ service: 1 })))
      } catch (error) {
        late.push(error)
      }
      void daemon.stop()
    })
    await daemon.run()
    expect(late).toEqual([expect.objectContaining({ code: 'SD_CORE_STARTED', plugin: 'late' })])
  })

  test('give their service to the daemon, read-only', () => {
    const daemon = createDaemon({ name: 'x' }).use(definePlugin('counter', () => ({ service: { count: 3 } })))
    expect(daemon.counter.count).toBe(3)
    expect(() => Object.assign(daemon, { counter: 1 })).toThrow(TypeError)
  })

  test('whose inspect() throws show the error, and the others their state', () => {
    const { daemon } = watchDaemon({
      a: { inspect: fail('blind') },
      b: { inspect: () => ({ size: 2 }) },
      c: {},
    })
    expect(daemon.inspect().plugins).toEqual({ a: 'failed: blind', b: { size: 2 } })
  })

  test('whose share() throws are left out, and it is logged', async () => {
    let host: PluginHost | undefined
    const { daemon, logger } = watchDaemon({ a: { share: fail('mine') }, b: { share: () => [1, 2] } })
    daemon.use(
      definePlugin('reader', (given) => {
        host = given
        return { service: {} }
      }),
    )
    const changes: string[] = []
    daemon.on('share', ({ plugin }) => void changes.push(plugin))
    host!.shareChanged()
    expect(host!.shares()).toEqual({ b: [1, 2] })
    expect(changes).toEqual(['reader'])
    expect(logger.entries.at(-1)).toMatchObject({ facts: { label: 'a' }, message: 'share() failed: mine' })
  })

  test('see the daemon through their host', async () => {
    const seen: unknown[] = []
    const logger = new CollectingLogger()
    class Poller extends Daemon {
      looker = this.plugin(
        definePlugin('looker', (host) => {
          // Asked this early, the answer is the default; it must not stick.
          seen.push(host.interval)
          return {
            service: {},
            setup() {
              seen.push(host.name, host.interval, host.daemon, host.signal.aborted)
              host.log('hello')
              host.debug('not verbose')
              host.record({ pid: 4711, label: 'child', message: 'from afar' })
              host.record({ pid: 4711, label: 'child', message: 'unheard', level: 'debug' })
            },
          }
        }),
      )
      override interval = 60_000
      override logger = logger
      override signals = false
      override setup() {
        void this.stop()
      }
    }
    const poller = new Poller()
    await poller.run()
    expect(seen).toEqual([null, 'poller', 60_000, poller, false])
    expect(logger.entries.slice(0, 2)).toEqual([
      { level: 'info', facts: { pid: process.pid, label: 'looker' }, message: 'hello' },
      { level: 'info', facts: { pid: 4711, label: 'child' }, message: 'from afar' },
    ])
    expect(logger.find(/unheard|not verbose/)).toEqual([])
  })
})

describe('stopping', () => {
  test('is idempotent, and run() answers the same to everybody', async () => {
    const { daemon, steps } = watchDaemon({ a: {} })
    const first = daemon.run()
    expect(daemon.run()).toBe(first)
    await sleep(10)
    const reports = await Promise.all([daemon.stop(), daemon.stop(), first])
    expect(new Set(reports.map((report) => JSON.stringify(report))).size).toBe(1)
    expect(await daemon.stop()).toEqual(reports[0])
    expect(steps.filter((step) => step === 'a.teardown: stop')).toHaveLength(1)
    expect(await daemon.run()).toEqual(reports[0])
  })

  test('before run() leaves nothing to run', async () => {
    const { daemon, steps } = watchDaemon({ a: {} })
    const report = await daemon.stop()
    expect(report).toMatchObject({ reason: 'stop', duration: 0, exitCode: 0 })
    expect([daemon.signal.aborted, daemon.is('shutdown'), daemon.state]).toEqual([true, true, 'stopped'])
    expect(await daemon.run()).toEqual(report)
    expect(steps).toEqual([])
  })

  test('during a plugin setup waits for it, starts no further one, and unwinds', async () => {
    const { daemon, steps } = watchDaemon({
      a: {},
      b: { setup: () => sleep(50).then(() => void steps.push('b is up')) },
      c: {},
    })
    const run = daemon.run()
    await sleep(10)
    expect(daemon.state).toBe('starting')
    await daemon.stop()
    expect(await run).toMatchObject({ reason: 'stop', unfinished: [], exitCode: 0 })
    expect(steps).toEqual([
      ...['a.setup', 'b.setup', 'b is up', 'shutdown: stop', 'a.drain', 'b.drain'],
      ...['b.teardown: stop', 'a.teardown: stop'],
    ])
  })

  test('during a setup that fails because of that is no failed start', async () => {
    const { daemon } = watchDaemon()
    daemon.setup(async () => {
      await new Promise((resolve) => daemon.signal.addEventListener('abort', resolve))
      throw new Error('interrupted')
    })
    const run = daemon.run()
    await sleep(10)
    await daemon.stop()
    expect(await run).toMatchObject({ reason: 'stop', exitCode: 0 })
  })

  test.each(['checkEnvironment', 'setup'] as const)(
    'gives up a %s that hangs at the deadline',
    async (hook) => {
      const { daemon } = watchDaemon({ a: {}, stuck: { [hook]: hang } }, { shutdownTimeout: 100 })
      const run = daemon.run()
      await sleep(10)
      const report = await daemon.stop()
      expect(await run).toEqual(report)
      const who = hook === 'setup' ? 'stuck.setup' : 'daemon.checkEnvironment'
      expect(report).toMatchObject({ unfinished: [{ who, what: 'did not end in time' }], exitCode: 1 })
    },
  )

  test('in a listener of init runs neither setup nor execute', async () => {
    const { daemon, steps } = watchDaemon()
    daemon.on('init', () => void daemon.stop())
    daemon.execute(fail('never called'))
    expect(await daemon.run()).toMatchObject({ reason: 'stop', exitCode: 0 })
    expect(steps).toEqual(['init', 'shutdown: stop'])
  })

  test('gives a hanging execute the time that there is, and reports it', async () => {
    const { daemon } = watchDaemon({ a: {} }, { shutdownTimeout: 100 })
    daemon.execute(hang)
    const run = daemon.run()
    await sleep(10)
    const report = await daemon.stop()
    expect(report.unfinished).toEqual([
      { who: 'loop', what: expect.stringMatching(/^execute\(\) did not end in time: hand daemon\.signal/) },
    ])
    expect(report.exitCode).toBe(1)
    expect(report.duration).toBeGreaterThanOrEqual(100)
    expect(await run).toEqual(report)
  })

  test('drains while execute still waits for what the drain settles', async () => {
    let settle = (): void => {}
    const { daemon } = watchDaemon({ queue: { drain: () => settle() } }, { shutdownTimeout: 400 })
    daemon.execute(() => new Promise<void>((resolve) => (settle = resolve)))
    const run = daemon.run()
    await sleep(10)
    await daemon.stop()
    expect(await run).toMatchObject({ unfinished: [], exitCode: 0 })
  })

  test('aborts the signal at once', async () => {
    const { daemon } = watchDaemon()
    daemon.execute(() => sleep(60_000, undefined, { signal: daemon.signal }).catch(() => {}))
    const run = daemon.run()
    await sleep(10)
    expect(await daemon.stop()).toMatchObject({ unfinished: [], exitCode: 0 })
    await run
  })
})

describe('failing', () => {
  test.each(['throws', 'rejects'])('execute that %s is a fatal error', async (how) => {
    const { daemon, steps, logger } = watchDaemon({ a: {} })
    const error = new Error('broken')
    daemon.execute(() => {
      if (how === 'rejects') return Promise.reject(error)
      throw error
    })
    expect(await daemon.run()).toMatchObject({ reason: 'fatal', error, exitCode: 1, unfinished: [] })
    expect(steps.at(-1)).toBe('a.teardown: fatal')
    expect(logger.entries.filter(({ level }) => level === 'fatal')).toHaveLength(1)
  })

  test('fatalError() stops the daemon with exit code 1, whoever calls it', async () => {
    const { daemon } = watchDaemon()
    daemon.setup(() => daemon.fatalError('the end'))
    expect(await daemon.run()).toMatchObject({
      reason: 'fatal',
      error: { code: 'SD_CORE_FATAL', message: 'the end' },
      exitCode: 1,
    })
  })

  test('a fatal error during a shutdown makes it a failure', async () => {
    const { daemon } = watchDaemon({ a: { drain: () => daemon.fatalError('too late') } })
    daemon.setup(() => void daemon.stop())
    expect(await daemon.run()).toMatchObject({ reason: 'stop', exitCode: 1 })
  })

  test('error() goes on, and tells the listeners', async () => {
    const { daemon, logger } = watchDaemon()
    const heard: unknown[] = []
    daemon.on('error', (payload) => void heard.push(payload))
    const error = new Error('hiccup')
    daemon.setup(() => daemon.error(error, 'stomach'))
    daemon.execute(() => void daemon.stop())
    expect(await daemon.run()).toMatchObject({ exitCode: 0 })
    expect(heard).toEqual([{ message: 'hiccup', label: 'stomach', error }])
    expect(logger.find(/^Error: hiccup\n.*at /s)).toHaveLength(1)
  })

  test('a logger that throws does not stop the daemon', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const broken = { debug: fail('full'), info: fail('full'), error: fail('full'), fatal: fail('full') }
    const { daemon } = watchDaemon({}, { logger: broken })
    daemon.execute(() => void daemon.stop())
    expect(await daemon.run()).toMatchObject({ reason: 'stop', exitCode: 0 })
    expect(warn.mock.calls[0]![0]).toMatch(/The logger failed: full. Not logged: Started/)
    warn.mockRestore()
  })
})

describe('before each iteration', () => {
  test('all plugins that want to are awaited at the same time', async () => {
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const { daemon } = watchDaemon({
      slow: {
        async beforeExecute() {
          order.push('slow begins')
          await gate.promise
          order.push('slow ends')
        },
      },
      quick: {
        beforeExecute() {
          order.push('quick')
          gate.resolve()
        },
      },
      none: {},
    })
    daemon.on('preExecute', () => void order.push('preExecute'))
    daemon.execute(() => {
      order.push('execute')
      if (order.filter((step) => step === 'execute').length === 2) void daemon.stop()
    })
    await daemon.run()
    const once = ['slow begins', 'quick', 'slow ends', 'preExecute', 'execute']
    expect(order).toEqual([...once, ...once])
  })

  test('a stop in the meantime keeps it from beginning', async () => {
    const { daemon } = watchDaemon({ gate: { beforeExecute: () => void daemon.stop() } })
    daemon.execute(fail('it has begun'))
    expect(await daemon.run()).toMatchObject({ exitCode: 0, unfinished: [] })
  })

  test.each(['throws', 'rejects'])('a plugin that %s is a fatal error', async (how) => {
    const beforeExecute = how === 'throws' ? fail('no') : async () => fail('no')()
    const { daemon } = watchDaemon({ gate: { beforeExecute } }, { interval: 10 })
    daemon.execute(fail('it has begun'))
    expect(await daemon.run()).toMatchObject({ reason: 'fatal', exitCode: 1, error: { message: 'no' } })
  })
})

test('a plugin learns while it drains when the last iteration has ended', async () => {
  const order: string[] = []
  const work = Promise.withResolvers<void>()
  const { daemon } = watchDaemon(
    {
      a: {
        async drain(_, loopEnd) {
          order.push('drain')
          work.resolve()
          await loopEnd
          order.push('loop ended')
        },
      },
    },
    { shutdownTimeout: 400 },
  )
  daemon.execute(async () => {
    void daemon.stop()
    await work.promise
    order.push('iteration ended')
  })
  expect((await daemon.run()).exitCode).toBe(0)
  expect(order).toEqual(['drain', 'iteration ended', 'loop ended'])
})
