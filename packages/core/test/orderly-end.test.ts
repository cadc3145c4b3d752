import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { createDaemon, definePlugin, isAbortOf, SdError } from '@sd/core'
import { CollectingLogger } from './collecting-logger.ts'

const never = (signal: AbortSignal): Promise<unknown> => once(new EventEmitter(), 'never', { signal })

/** Ways to wait until the daemon is to stop. */
const WAITS: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
  'an event': never,
  'a timer': (signal) => sleep(60_000, undefined, { signal }),
  'the signal itself': (signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  'a combined signal': (signal) => never(AbortSignal.any([signal, new AbortController().signal])),
  'something that wraps the error': (signal) =>
    never(signal).catch((cause: unknown) => Promise.reject(new Error('polling failed', { cause }))),
  'a library with an error of its own': (signal) =>
    never(signal).catch(() => Promise.reject(Object.assign(new Error('aborted'), { name: 'AbortError' }))),
  'a call that is given up': (signal) =>
    never(signal).catch(() => Promise.reject(new SdError('SD_WORKERS_SHUTDOWN', 'given up'))),
}

function createStopping() {
  const logger = new CollectingLogger()
  const daemon = createDaemon({ name: 'x', logger, signals: false })
  const errors: unknown[] = []
  daemon.on('error', (payload) => errors.push(payload))
  const expectOrderly = async (): Promise<void> => {
    expect(await daemon.run()).toMatchObject({ reason: 'stop', exitCode: 0, unfinished: [] })
    expect(logger.entries.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([])
    expect(errors).toEqual([])
  }
  return { daemon, expectOrderly, logger, errors }
}

describe.each(Object.entries(WAITS))('what waits for %s until the daemon stops has not failed', (_, wait) => {
  test('in execute', async () => {
    const { daemon, expectOrderly } = createStopping()
    daemon.execute(() => {
      setImmediate(() => void daemon.stop())
      return wait(daemon.signal)
    })
    await expectOrderly()
  })

  test('in setup', async () => {
    const { daemon, expectOrderly } = createStopping()
    daemon.setup(async () => {
      setImmediate(() => void daemon.stop())
      await wait(daemon.signal)
    })
    await expectOrderly()
  })

  test('in a listener, and in every hook of a plugin', async () => {
    const { daemon, expectOrderly } = createStopping()
    daemon.use(
      definePlugin('waiting', ({ signal }) => ({
        service: {},
        setup: async () => void daemon.on('started', () => wait(signal)),
        drain: () => wait(signal).then(() => {}),
        teardown: () => wait(signal).then(() => {}),
      })),
    )
    daemon.on('started', () => void setImmediate(() => void daemon.stop()))
    // The plugin's hooks are called when the signal is aborted already: what waits for an event of it then waits for ever.
    if (_ === 'the signal itself') return
    await expectOrderly()
  })
})

test('another failure at the stop is told of', async () => {
  const { daemon, errors } = createStopping()
  daemon.execute(async () => {
    setImmediate(() => void daemon.stop())
    await never(daemon.signal).catch(() => {})
    throw new Error('no goodbye')
  })
  await daemon.run()
  expect(errors).toEqual([expect.objectContaining({ message: 'no goodbye' })])
})

test('an abort of another signal is a failure', async () => {
  const { daemon } = createStopping()
  daemon.execute(() => never(AbortSignal.timeout(1)))
  expect(await daemon.run()).toMatchObject({ reason: 'fatal', exitCode: 1 })
  expect(isAbortOf(new AbortController().signal, new DOMException('x', 'AbortError'))).toBe(false)
})
