import { afterEach, describe, expect, test } from '@jest/globals'
import {
  createDaemon,
  Daemon,
  definePlugin,
  installLauncher,
  isDaemonClass,
  type LaunchedDaemon,
  type Launcher,
} from '@sd/core'
import { CollectingLogger } from './collecting-logger.ts'

afterEach(() => installLauncher(undefined as unknown as Launcher))

const options = { name: 'launched', interval: 10, signals: false, priority: 0 }

/** Installs a launcher, and returns what it was told. */
function install(more: Partial<Launcher> = {}): LaunchedDaemon[] {
  const told: LaunchedDaemon[] = []
  installLauncher({
    command: [],
    daemonized: true,
    verbose: true,
    logFile: (_, own) => own,
    prepare: (launched) => void told.push(launched),
    ...more,
  })
  return told
}

describe('a launcher', () => {
  test('is told of the daemon before it starts, and may add plugins', async () => {
    const events: string[] = []
    const plugin = (name: string) =>
      definePlugin(name, () => ({ service: name, setup: () => void events.push(`${name} is set up`) }))
    const told = install({
      async prepare({ daemon, name, plugins, canRecoverCalls, hasLogger }) {
        expect({ name, plugins, canRecoverCalls, hasLogger, state: daemon.state }).toEqual({
          name: 'launched',
          plugins: ['own'],
          canRecoverCalls: false,
          hasLogger: true,
          state: 'created',
        })
        await new Promise((resolve) => setTimeout(resolve, 10))
        events.push('prepared')
        daemon.plugin(plugin('added'))
      },
    })
    expect(told).toEqual([])
    const daemon = createDaemon({ ...options, logger: new CollectingLogger() }).use(plugin('own'))
    daemon.on('started', () => void daemon.stop())
    const report = daemon.run()
    expect(daemon.run()).toBe(report)
    expect((await report).exitCode).toBe(0)
    expect(events).toEqual(['prepared', 'own is set up', 'added is set up'])
  })

  test('knows whether the daemon is detached and verbose', () => {
    const daemon = createDaemon(options)
    expect([daemon.is('daemonized'), daemon.is('verbose')]).toEqual([false, false])
    install()
    expect([daemon.is('daemonized'), daemon.is('verbose')]).toEqual([true, true])
  })

  test('may refuse the daemon, which then has not started', async () => {
    install({
      prepare: () => {
        throw new Error('not this one')
      },
    })
    const daemon = createDaemon(options)
    await expect(daemon.run()).rejects.toThrow('not this one')
    expect(daemon.state).toBe('created')
  })

  test('learns what a daemon can do with the calls of its last life', async () => {
    const told = install()
    const daemon = createDaemon({ ...options, logger: new CollectingLogger() }).use(
      definePlugin('journal', () => ({ service: {}, canRecoverCalls: true })),
    )
    daemon.on('started', () => void daemon.stop())
    await daemon.run()
    expect(told).toMatchObject([{ canRecoverCalls: true }])
  })
})

describe('install instructions', () => {
  test.each([
    ['a step', ['a step']],
    [
      ['one', '', 'two'],
      ['one', 'two'],
    ],
    [() => ' found out ', ['found out']],
    [async () => ['later'], ['later']],
    [undefined, []],
  ])('may be %p', async (installInstructions, expected) => {
    const daemon = createDaemon({ ...options, ...(installInstructions && { installInstructions }) })
    expect(await daemon.listInstallInstructions()).toEqual(expected)
  })

  test('begin with those of the plugins', async () => {
    const plugin = definePlugin('database', () => ({
      service: {},
      installInstructions: ['create the database'],
    }))
    const daemon = createDaemon({ ...options, installInstructions: 'make a coffee' }).use(plugin)
    expect(await daemon.listInstallInstructions()).toEqual(['create the database', 'make a coffee'])
  })
})

test('classes of daemons are told from daemons and other functions', () => {
  class Poller extends Daemon {}
  expect([Poller, Daemon, createDaemon(options), class {}, () => {}, null].map(isDaemonClass)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ])
})
