import { describe, isAbortOf, type LogFunction, type PluginHost, SdError, toError, withLabel } from '@sd/core'
import type { CallRecord } from '../call/call-record.ts'
import type { AnyCall, CallHandler } from '../options.ts'

/** The user's handlers of one kind. One that fails is reported and stops nobody else. */
export class CallHandlers {
  readonly #handlers = new Set<CallHandler<AnyCall>>()
  readonly #name: string
  readonly #host: PluginHost
  readonly #alias: string
  readonly #log: LogFunction

  /** @param name - `onReturn`, `onTimeout` or `onError`, for messages. */
  constructor(name: string, host: PluginHost, alias: string) {
    this.#name = name
    this.#host = host
    this.#alias = alias
    this.#log = (...values) => host.log(...withLabel(values, alias))
  }

  /** @returns a function that removes the handler. */
  add(handler: CallHandler<AnyCall>): () => void {
    if (typeof handler !== 'function') {
      const message = `workers.${this.#alias}: ${this.#name}() takes a function, not ${describe(handler)}.`
      throw new SdError('SD_WORKERS_OPTIONS', message, { option: this.#name })
    }
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  has(handler: CallHandler<AnyCall>): boolean {
    return this.#handlers.has(handler)
  }

  /** @param told - those that have heard of it already. */
  tell(call: CallRecord, told: CallHandlers | null = null): void {
    for (const handler of this.#handlers) {
      if (told?.has(handler)) continue
      try {
        const outcome = handler(call, this.#log)
        if (outcome instanceof Promise) outcome.catch((thrown) => this.#report(thrown))
      } catch (thrown) {
        this.#report(thrown)
      }
    }
  }

  #report(thrown: unknown): void {
    if (isAbortOf(this.#host.signal, thrown)) return
    const cause = toError(thrown)
    const message = `workers.${this.#alias}: ${this.#name} failed: ${cause.message}`
    this.#host.error(new SdError('SD_WORKERS_HANDLER', message, { cause }), this.#alias)
  }
}
