import { expect, test } from '@jest/globals'
import { Daemon, definePlugin, type PluginHost } from '@sd/core'
import { CollectingLogger } from './collecting-logger.ts'

let host: PluginHost
const plugin = definePlugin('part', (given) => {
  host = given
  return { service: {} }
})

class Overriding extends Daemon {
  override signals = false
  override verbose = true
  override logger = new CollectingLogger()
  readonly seen: [unknown, unknown][] = []
  part = this.plugin(plugin)
  broken = false

  override log(...values: unknown[]): void {
    this.seen.push([values[0], values[1]])
    if (this.broken) throw new Error('a broken log')
    super.log(`<${values[0]}>`, values[1])
  }

  logAll(): void {
    this.log('own')
    this.debug('debugging', 'some label')
    this.error(new Error('an error'))
    this.dispatch('init', { pid: 1 })
    this.dispatch('log', { time: new Date(), pid: 1, label: 'x', level: 'info', message: 'x' })
    host.log('of a plugin')
    host.record({ pid: 7, label: 'child', level: 'error', message: 'of a child' })
    this.fatalError('fatal')
  }
}

const create = (): Overriding => {
  const daemon = new Overriding()
  const fail = () => {
    throw new Error('a listener')
  }
  daemon.on('init', fail)
  daemon.on('log', fail, { once: true })
  return daemon
}

test('an overridden log() sees everything, and hands it on as what it is', async () => {
  const daemon = create()
  daemon.logAll()
  await daemon.stop()
  const { entries } = daemon.logger
  const written = entries.map(({ level, facts, message }) => [
    level,
    facts.pid === process.pid ? 'own' : facts.pid,
    facts.label,
    message.slice(1, 12),
  ])
  expect(written).toEqual([
    ['info', 'own', 'overriding', 'own>'],
    ['error', 'own', 'overriding', expect.any(String)],
    ['debug', 'own', 'some label', 'debugging>'],
    ['error', 'own', 'overriding', 'Error: an e'],
    ['error', 'own', 'overriding', expect.any(String)],
    ['info', 'own', 'part', 'of a plugin'],
    ['error', 7, 'child', 'of a child>'],
    ['fatal', 'own', 'overriding', 'fatal>'],
  ])
  // All have been through it, once.
  expect(entries.every(({ message }) => /^<[^<][\s\S]*[^>]>$/.test(message))).toBe(true)
  expect(daemon.seen).toHaveLength(entries.length)
})

test('what an overridden log() fails with is logged behind what it was given', async () => {
  const daemon = create()
  daemon.broken = true
  daemon.error('one')
  host.record({ pid: 7, label: 'child', level: 'info', message: 'two' })
  await daemon.stop()
  const texts = daemon.logger.messages.map((message) => message.split('\n')[0])
  expect(texts.filter((text) => text === 'one' || text === 'two')).toEqual(['one', 'two'])
  expect(daemon.logger.find(/a broken log/).length).toBeGreaterThanOrEqual(2)
})

test('a log() that is assigned is one, too', () => {
  const daemon = new Overriding()
  const seen: unknown[] = []
  daemon.log = (...values: unknown[]) => void seen.push(values[0])
  daemon.error('x')
  expect(seen).toEqual(['x'])
  expect(daemon.logger.entries).toEqual([])
})
