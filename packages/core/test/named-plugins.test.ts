import { expect, test } from '@jest/globals'
import { createDaemon, Daemon, definePlugin, type PluginHost, type PluginInstance } from '@sd/core'
import { CollectingLogger } from './collecting-logger.ts'

const steps: string[] = []
const part = (hooks: Partial<PluginInstance<unknown>> = {}) =>
  definePlugin('part', (host: PluginHost) => ({
    ...hooks,
    service: { host },
    setup: () => {
      steps.push(host.plugin)
      return hooks.setup?.()
    },
    teardown: () => void steps.push(`-${host.plugin}`),
    inspect: () => host.plugin,
    share: () => host.plugin,
  }))
const create = () => {
  steps.length = 0
  return createDaemon({ name: 'x', signals: false, logger: new CollectingLogger() })
}

test('a plugin is used under another name, everywhere', async () => {
  const logger = new CollectingLogger()
  const daemon = createDaemon({ name: 'x', signals: false, logger }).use(part()).use(part(), { as: 'second' })
  expect(daemon.second).not.toBe(daemon.part)
  expect(daemon.inspect().plugins).toEqual({ part: 'part', second: 'second' })
  expect(daemon.part.host.shares()).toEqual({ part: 'part', second: 'second' })
  daemon.second.host.log('hello')
  expect(logger.entries.at(-1)!.facts.label).toBe('second')
  const changed: string[] = []
  daemon.on('share', ({ plugin }) => void changed.push(plugin))
  daemon.second.host.shareChanged()
  expect(changed).toEqual(['second'])
  await daemon.stop()
})

test('a class names a plugin, too', () => {
  class Twice extends Daemon {
    override signals = false
    first = this.plugin(part())
    other = this.plugin(part(), { as: 'elsewhere' })
  }
  expect(Object.keys(new Twice().inspect().plugins)).toEqual(['part', 'elsewhere'])
})

test.each([
  [{ as: 'part' }, 'SD_CORE_PLUGIN_NAME'],
  [{ as: 'execute' }, 'SD_CORE_PLUGIN_NAME'],
  [{ as: 'no name' }, 'SD_CORE_PLUGIN_NAME'],
  [{ sa: 'x' }, 'SD_CORE_PLUGIN'],
  [{ after: 'part' }, 'SD_CORE_PLUGIN'],
])('use(plugin, %j) is refused', (options, code) => {
  const daemon = create().use(part())
  expect(() => daemon.use(part(), options as object)).toThrow(expect.objectContaining({ code }))
})

test('plugins are set up behind those that they come after, and torn down before them', async () => {
  const daemon = create()
    .use(part({ after: ['c', 'nowhere'] }), { as: 'a' })
    .use(part(), { as: 'b', after: ['d'] })
    .use(part(), { as: 'c' })
    .use(part(), { as: 'd' })
  daemon.on('started', () => void daemon.stop())
  await daemon.run()
  expect(steps).toEqual(['c', 'a', 'd', 'b', '-b', '-d', '-a', '-c'])
})

test('an order that cannot be is refused before anything is set up', async () => {
  const circle = create()
    .use(part(), { as: 'a', after: ['b'] })
    .use(part(), { as: 'b', after: ['a'] })
  await expect(circle.run()).rejects.toMatchObject({ code: 'SD_CORE_PLUGIN_ORDER', plugin: 'a' })
  const unknown = create().use(part(), { as: 'a', after: ['prat'] })
  await expect(unknown.run()).rejects.toMatchObject({ code: 'SD_CORE_PLUGIN_ORDER', plugin: 'a' })
  expect(steps).toEqual([])
})

test('a setup that takes too long fails the start, and what had started is torn down', async () => {
  const hanging = { setup: () => new Promise<void>(() => {}) }
  const daemon = createDaemon({ name: 'x', signals: false, logger: new CollectingLogger(), setupTimeout: 20 })
  steps.length = 0
  daemon.use(part({ setupTimeout: 0, setup: () => new Promise((resolve) => setTimeout(resolve, 60)) }))
  daemon.use(part(hanging), { as: 'late' })
  await expect(daemon.run()).rejects.toMatchObject({
    code: 'SD_CORE_SETUP_TIMEOUT',
    plugin: 'late',
    timeout: 20,
  })
  expect(steps).toEqual(['part', 'late', '-late', '-part'])
})
