import { beforeEach, describe, expect, test } from '@jest/globals'
import { FakeClock } from '@sd/testing'
import { createEventBus, type EventBus, type ListenOptions } from '../src/event-bus.ts'
import { createDaemon } from '../src/index.ts'
import { CollectingLogger } from './collecting-logger.ts'

const tick = { iteration: 1 }

describe('the event bus', () => {
  let clock: FakeClock
  let failures: string[]
  let bus: EventBus
  let calls: string[]
  const note = (name: string) => () => void calls.push(name)

  beforeEach(() => {
    clock = new FakeClock()
    failures = []
    calls = []
    bus = createEventBus(clock, (event, error) => failures.push(`${event}: ${error.message}`))
  })

  test('calls listeners in the order in which they were added, with the payload', () => {
    bus.on('preExecute', ({ iteration }) => calls.push(`a${iteration}`))
    bus.on('preExecute', note('b'))
    bus.on('init', note('other'))
    bus.dispatch('preExecute', { iteration: 7 })
    expect(calls).toEqual(['a7', 'b'])
  })

  test('dispatches to nobody without complaint', () => {
    bus.dispatch('idle', { available: 1 })
    expect(bus.hasListeners('idle')).toBe(false)
  })

  test('removes a listener by calling its handle, or by off, as often as one likes', () => {
    const first = bus.on('preExecute', note('first'))
    const second = bus.on('preExecute', note('second'))
    expect(first.event).toBe('preExecute')
    first()
    bus.off(second)
    bus.off(second)
    bus.dispatch('preExecute', tick)
    expect(calls).toEqual([])
    expect(bus.hasListeners('preExecute')).toBe(false)
  })

  test('does not call a listener that an earlier one has just removed', () => {
    bus.on('preExecute', () => later())
    const later = bus.on('preExecute', note('later'))
    bus.dispatch('preExecute', tick)
    expect(calls).toEqual([])
  })

  test('keeps two listeners apart that share one function', () => {
    const handler = note('called')
    const first = bus.on('preExecute', handler)
    bus.on('preExecute', handler)
    first()
    bus.dispatch('preExecute', tick)
    expect(calls).toEqual(['called'])
  })

  test('throttles from the leading edge', async () => {
    bus.on('preExecute', note('called'), { throttle: 100 })
    for (let at = 0; at <= 250; at += 10) {
      bus.dispatch('preExecute', tick)
      await clock.advance(10)
    }
    expect(calls).toHaveLength(3)
  })

  test('a refusal by `when` neither uses up the throttle window nor stops the others', () => {
    let willing = false
    bus.on('preExecute', note('picky'), { throttle: 1000, when: () => willing })
    bus.on('preExecute', note('other'))
    bus.dispatch('preExecute', tick)
    willing = true
    bus.dispatch('preExecute', tick)
    bus.dispatch('preExecute', tick)
    expect(calls).toEqual(['other', 'picky', 'other', 'other'])
  })

  test('a refusal by `when` does not use up `once` either', () => {
    bus.on('preExecute', note('once'), { once: true, when: ({ iteration }) => iteration > 1 })
    for (const iteration of [1, 2, 3]) bus.dispatch('preExecute', { iteration })
    expect(calls).toEqual(['once'])
    expect(bus.hasListeners('preExecute')).toBe(false)
  })

  test('a listener for once is gone before it runs: what it dispatches does not come back to it', () => {
    bus.on(
      'preExecute',
      () => {
        calls.push('once')
        bus.dispatch('preExecute', tick)
      },
      { once: true },
    )
    bus.dispatch('preExecute', tick)
    expect(calls).toEqual(['once'])
  })

  test('an aborted signal removes the listener, and one that was aborted before never adds it', () => {
    const abort = new AbortController()
    bus.on('preExecute', note('called'), { signal: abort.signal })
    bus.dispatch('preExecute', tick)
    abort.abort()
    bus.on('preExecute', note('late'), { signal: abort.signal })
    bus.dispatch('preExecute', tick)
    expect(calls).toEqual(['called'])
    expect(bus.hasListeners('preExecute')).toBe(false)
  })

  test('a listener that throws or rejects stops nobody else', async () => {
    bus.on('preExecute', () => {
      throw new Error('thrown')
    })
    bus.on('preExecute', async () => {
      throw new Error('rejected')
    })
    bus.on('preExecute', note('when'), {
      when: () => {
        throw new Error('asked')
      },
    })
    bus.on('preExecute', () => Promise.reject('no error'))
    bus.on('preExecute', note('last'))
    bus.dispatch('preExecute', tick)
    await clock.advance(0)
    expect(calls).toEqual(['last'])
    expect(failures).toEqual([
      'preExecute: thrown',
      'preExecute: asked',
      'preExecute: rejected',
      'preExecute: A value that is not an Error was thrown: no error',
    ])
  })

  test.each<[unknown, unknown, unknown, RegExp]>([
    ['idle', 'handler', {}, /on\("idle"\): the handler must be a function, not "handler"/],
    ['', () => {}, {}, /the event must be a name, not ""/],
    [undefined, () => {}, {}, /the event must be a name, not undefined/],
    ['idle', () => {}, { throttle: -1 }, /option "throttle" must be a number of milliseconds.*not -1/],
    ['idle', () => {}, { throttle: Number.NaN }, /option "throttle".*not NaN/],
    ['idle', () => {}, { throtle: 5 }, /unknown option "throtle". Did you mean "throttle"\?/],
    ['idle', () => {}, { when: true }, /option "when" must be a function, not true/],
    ['idle', () => {}, { once: 1 }, /option "once" must be true or false, not 1/],
    ['idle', () => {}, { signal: {} }, /option "signal" must be an AbortSignal, not an object/],
  ])('refuses on(%j, %p, %j)', (event, handler, options, message) => {
    expect(() => bus.on(event as 'idle', handler as () => void, options as ListenOptions<'idle'>)).toThrow(
      expect.objectContaining({ code: 'SD_CORE_LISTENER', message: expect.stringMatching(message) }),
    )
  })
})

describe('a failing listener', () => {
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20))

  function daemonWithErrors() {
    const logger = new CollectingLogger()
    const daemon = createDaemon({ name: 'bus', logger, signals: false })
    const errors: string[] = []
    daemon.on('error', ({ message, label }) => void errors.push(`${label}: ${message}`))
    return { daemon, logger, errors }
  }

  test('becomes an error event, with its cause', async () => {
    const { daemon, errors } = daemonWithErrors()
    const causes: unknown[] = []
    daemon.on('error', ({ error }) => void causes.push(error?.cause))
    const cause = new Error('no')
    daemon.on('init', () => {
      throw cause
    })
    daemon.on('idle', () => Promise.reject(cause))
    daemon.dispatch('init', { pid: 1 })
    daemon.dispatch('idle', { available: 0 })
    await settle()
    expect(errors).toEqual(['bus: A listener of "init" failed: no', 'bus: A listener of "idle" failed: no'])
    expect(causes).toEqual([cause, cause])
  })

  test.each(['throws', 'rejects'])('of `error` that %s is logged once and does not go round', async (how) => {
    const { daemon, logger, errors } = daemonWithErrors()
    daemon.on('error', () => {
      if (how === 'rejects') return Promise.reject(new Error('broken'))
      throw new Error('broken')
    })
    daemon.error('the first')
    await settle()
    expect(errors).toEqual(['bus: the first'])
    expect(logger.find(/A listener of "error" failed: broken/)).toHaveLength(1)
  })

  test.each(['throws', 'rejects'])('of `log` that %s does not go round either', async (how) => {
    const { daemon, logger } = daemonWithErrors()
    daemon.on('error', ({ message }) => daemon.log(`heard of: ${message}`))
    daemon.on('log', () => {
      if (how === 'rejects') return Promise.reject(new Error('broken'))
      throw new Error('broken')
    })
    daemon.log('one')
    await settle()
    expect(logger.messages).toHaveLength(2)
  })

  test('of `log` that logs does not call itself for ever', () => {
    const { daemon, logger } = daemonWithErrors()
    daemon.on('log', ({ message }) => daemon.log(`again: ${message}`))
    daemon.log('one')
    expect(logger.messages).toEqual(['one', 'again: one'])
  })

  test('of `error` that reports an error does not call itself for ever', () => {
    const { daemon, logger } = daemonWithErrors()
    daemon.on('error', ({ message }) => daemon.error(`again: ${message}`))
    daemon.error('one')
    expect(logger.messages).toEqual(['one', 'again: one'])
  })
})
