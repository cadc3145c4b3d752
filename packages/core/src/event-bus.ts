import type { Clock } from './clock.ts'
import { createEmitter, type Emitter } from './emitter.ts'
import type { DaemonEvents } from './events.ts'
import { describe } from './resolve-options.ts'
import { SdError, toError } from './sd-error.ts'

export type { DaemonEvents } from './events.ts'

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
   * @throws SdError `SD_CORE_LISTENER` when the handler is not a function or the throttle is not a number.
   */
  on<K extends EventName>(event: K, handler: Handler<K>, options?: ListenOptions<K>): EventHandle
  /** Removes a listener; harmless when it is gone already. */
  off(handle: EventHandle): void
  /** Calls the listeners in the order in which they were added. Never throws. */
  dispatch<K extends EventName>(event: K, payload: DaemonEvents[K]): void
  /** Whether anybody listens. */
  hasListeners(event: EventName): boolean
}

/**
 * @param clock - measures throttle windows.
 * @param onFailure - told of each listener that threw or rejected.
 * @param onListen - told of each event that gets a listener.
 */
export function createEventBus(
  clock: Clock,
  onFailure: (event: EventName, error: Error) => void,
  onListen: (event: EventName) => void = () => {},
): EventBus {
  const emitter: Emitter = createEmitter()

  function on<K extends EventName>(
    event: K,
    handler: Handler<K>,
    options: ListenOptions<K> = {},
  ): EventHandle {
    checkListener(event, handler, options)
    const { throttle = 0, when, once = false, signal } = options
    let quietUntil = Number.NEGATIVE_INFINITY

    const listener = (payload: unknown): void => {
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
        if (isThenable(outcome)) outcome.then(undefined, (reason) => onFailure(event, toError(reason)))
      } catch (thrown) {
        onFailure(event, toError(thrown))
      }
    }

    const remove = (): void => {
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
    off: (handle) => handle(),
    dispatch: (event, payload) => emitter.emit(event, payload),
    hasListeners,
  }
}

function checkListener(event: string, handler: unknown, options: { throttle?: number }): void {
  if (typeof event !== 'string' || event === '') {
    throw new SdError('SD_CORE_LISTENER', `on(): the event must be a name, not ${describe(event)}.`, {
      event,
    })
  }
  if (typeof handler !== 'function') {
    const message = `on("${event}"): the handler must be a function, not ${describe(handler)}.`
    throw new SdError('SD_CORE_LISTENER', message, { event })
  }
  const { throttle } = options
  if (throttle !== undefined && !(typeof throttle === 'number' && throttle >= 0)) {
    const message = `on("${event}"): throttle must be a number of milliseconds, at least 0, not ${describe(throttle)}.`
    throw new SdError('SD_CORE_LISTENER', message, { event })
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}
