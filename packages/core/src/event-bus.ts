import type { Clock } from './clock.ts'
import { createEmitter, type Emitter } from './emitter.ts'
import type { DaemonEvents } from './events.ts'
import { type Checks, describe, must, resolveOptions } from './resolve-options.ts'
import { SdError, toError } from './sd-error.ts'
import { concludeSignal } from './signals.ts'

export type { DaemonEvents, SignalEffect, SignalEvent } from './events.ts'

/** The name of an event. */
export type EventName = keyof DaemonEvents & string

/** What is called when the event happens. A promise it returns is not awaited, but a rejection is reported. */
export type Handler<K extends EventName> = (payload: DaemonEvents[K]) => unknown

/** How to listen. */
export interface ListenOptions<K extends EventName> {
  /** Milliseconds that must pass after the handler ran before it runs again; calls between are dropped. @default 0 */
  throttle?: number
  /** Asked first; a refusal neither uses up the throttle window nor stops other listeners. */
  when?: (payload: DaemonEvents[K]) => boolean
  /** Removes the listener after its first run. @default false */
  once?: boolean
  /** Removes the listener when aborted. */
  signal?: AbortSignal
}

/** Removes the listener when called, or when given to `off`. */
export interface EventHandle {
  (): void
  readonly event: EventName
}

/** Listeners by event. One that fails stops nobody else. */
export interface EventBus {
  /**
   * @throws SdError `SD_CORE_LISTENER` when the handler is not a function or an option is wrong.
   */
  on<K extends EventName>(event: K, handler: Handler<K>, options?: ListenOptions<K>): EventHandle
  /**
   * Removes a listener; harmless when it is gone already.
   *
   * @throws SdError `SD_CORE_LISTENER` when it is given anything but what `on` has returned.
   */
  off(handle: EventHandle): void
  /** Calls the listeners in the order in which they were added. Never throws. */
  dispatch<K extends EventName>(event: K, payload: DaemonEvents[K]): void
  /** Whether anybody listens. */
  hasListeners(event: EventName): boolean
  /** The events that have listeners. */
  listened(): string[]
}

/**
 * @param clock - measures throttle windows.
 * @param onFailure - told of each listener that threw or rejected.
 * @param onListen - told of each event that gets a listener.
 * @param onMisuse - told of a wrong use of what must not throw.
 */
export function createEventBus(
  clock: Clock,
  onFailure: (event: EventName, error: Error) => void,
  onListen: (event: EventName) => void = () => {},
  onMisuse: (error: Error) => void = () => {},
): EventBus {
  const emitter: Emitter = createEmitter()

  function on<K extends EventName>(
    event: K,
    handler: Handler<K>,
    options: ListenOptions<K> = {},
  ): EventHandle {
    const { throttle, when, once, signal } = checkListener(event, handler, options)
    let quietUntil = Number.NEGATIVE_INFINITY
    let removed = false

    const listener = (payload: unknown): void => {
      // The emitter walks over a copy: a listener that was removed by an earlier one is still on it.
      if (removed) return
      try {
        const given = payload as DaemonEvents[K]
        if (when && !when(given)) return
        if (throttle > 0) {
          const now = clock.now()
          if (now < quietUntil) return
          quietUntil = now + throttle
        }
        if (once) handle()
        const outcome = handler(given)
        if (event === 'signal') concludeSignal(payload, false)
        if (isThenable(outcome)) outcome.then(undefined, (reason) => onFailure(event, toError(reason)))
      } catch (thrown) {
        if (event === 'signal') concludeSignal(payload, true)
        onFailure(event, toError(thrown))
      }
    }

    const remove = (): void => {
      removed = true
      emitter.off(event, listener)
      signal?.removeEventListener('abort', remove)
    }
    const handle: EventHandle = Object.assign(remove, { event })
    if (signal?.aborted) return handle
    signal?.addEventListener('abort', remove, { once: true })
    emitter.on(event, listener)
    onListen(event)
    return handle
  }

  const hasListeners = (event: EventName): boolean => (emitter.all.get(event)?.length ?? 0) > 0

  return {
    on,
    off(handle) {
      // To call what is no handle would call a handler.
      if (typeof handle === 'function' && typeof handle.event === 'string') return handle()
      throw new SdError('SD_CORE_LISTENER', `off() takes what on() has returned, not ${describe(handle)}.`)
    },
    dispatch(event, payload) {
      if (typeof event === 'string') return emitter.emit(event, payload)
      const message = `dispatch() takes the name of an event, not ${describe(event)}. Nothing was dispatched.`
      onMisuse(new SdError('SD_CORE_LISTENER', message, { event }))
    },
    hasListeners,
    listened: () => [...emitter.all.keys()].filter((event) => hasListeners(event as EventName)).map(String),
  }
}

const listenDefaults = Object.freeze({ throttle: 0, once: false })

const checks: Checks<ListenOptions<EventName>> = {
  throttle: (value) =>
    typeof value === 'number' && value >= 0 ? undefined : 'a number of milliseconds, at least 0',
  when: must.beFunction,
  once: must.beBoolean,
  signal: (value) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
}

function checkListener<K extends EventName>(event: K, handler: unknown, options: ListenOptions<K>) {
  if (typeof event !== 'string' || event.length === 0) {
    const message = `on(): the event must be a name, not ${describe(event)}.`
    throw new SdError('SD_CORE_LISTENER', message, { event })
  }
  const owner = `on("${event}")`
  if (typeof handler !== 'function') {
    const message = `${owner}: the handler must be a function, not ${describe(handler)}.`
    throw new SdError('SD_CORE_LISTENER', message, { event })
  }
  return resolveOptions(
    owner,
    'SD_CORE_LISTENER',
    options,
    listenDefaults,
    checks as Checks<ListenOptions<K>>,
  )
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}
