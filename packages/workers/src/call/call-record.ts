import type { EngineCall, Outcome } from '../engine/engine.ts'
import type { Call, CallStatus } from './call.ts'

/** Who a call turns to when its user wants something of it. */
export interface CallOwner {
  retry(call: CallRecord): CallRecord
  cancel(call: CallRecord): void
  conclude(call: CallRecord, outcome: Outcome): void
}

/**
 * A {@link Call}, as its pool sees it: with the means to move it on. There may be a million of them, so each holds
 * numbers, and makes objects only for those who ask.
 */
export class CallRecord implements Call<unknown>, EngineCall {
  readonly id: number
  readonly pool: string
  readonly method: string
  readonly args: readonly unknown[]
  readonly inline: boolean
  status: CallStatus = 'uncalled'
  retries = 0
  pid: number | undefined = undefined
  result: unknown = undefined
  error: Error | undefined = undefined
  /** Where in the daemon it was called, when that was recorded. */
  origin: { readonly stack?: string } | undefined = undefined
  /** Whether its user has given it up: whatever comes of it, it is not tried again. */
  cancelRequested = false
  /** The engine's own. */
  handle: unknown = undefined
  readonly #owner: CallOwner
  #settled = false
  #calledAt = Number.NaN
  #runningAt = Number.NaN
  #endedAt = Number.NaN
  /** When it timed out, where that was not its end. */
  #timedOutAt = Number.NaN
  /** Made only when somebody waits for the call: a promise that nobody has cannot go unhandled. */
  #promise: PromiseWithResolvers<unknown> | undefined = undefined

  /** @param inline - whether it runs in the daemon itself. */
  constructor(
    owner: CallOwner,
    id: number,
    pool: string,
    method: string,
    args: readonly unknown[],
    inline: boolean,
  ) {
    this.#owner = owner
    this.id = id
    this.pool = pool
    this.method = method
    this.args = args
    this.inline = inline
  }

  get times(): Readonly<Partial<Record<CallStatus, number>>> {
    const times: Partial<Record<CallStatus, number>> = {}
    if (this.#calledAt >= 0) times.called = this.#calledAt
    if (this.#runningAt >= 0) times.running = this.#runningAt
    if (this.#timedOutAt >= 0) times.timeout = this.#timedOutAt
    if (this.#settled) times[this.status] = this.#endedAt
    return times
  }

  /** When it last started: monotonic milliseconds, NaN while it has not. */
  get runningAt(): number {
    return this.#runningAt
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Whether anybody waits for the promise. */
  get observed(): boolean {
    return this.#promise !== undefined
  }

  onCalled(at: number): void {
    this.status = 'called'
    this.#calledAt = at
  }

  onStarted(pid: number, at: number): void {
    this.status = 'running'
    this.pid = pid
    this.#runningAt = at
  }

  onEnded(outcome: Outcome): void {
    this.#owner.conclude(this, outcome)
  }

  onTimedOut(at: number): void {
    this.status = 'timeout'
    this.#timedOutAt = at
  }

  /** Settles with a result. A call settles once: a second time is a defect of the pool, and thrown. */
  fulfil(result: unknown, at: number): void {
    this.#settle('returned', at)
    this.result = result
    this.#promise?.resolve(result)
  }

  /** Settles with an error. */
  reject(status: CallStatus, error: Error, at: number): void {
    this.#settle(status, at)
    this.error = error
    this.#promise?.reject(error)
  }

  // biome-ignore lint/suspicious/noThenProperty: a call is a promise
  then<Value = unknown, Failure = never>(
    onFulfilled?: ((value: unknown) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    return this.#wait().then(onFulfilled, onRejected)
  }

  catch<Failure = never>(
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<unknown> {
    return this.#wait().catch(onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    return this.#wait().finally(onFinally)
  }

  get [Symbol.toStringTag](): string {
    return 'Call'
  }

  retry(): CallRecord {
    return this.#owner.retry(this)
  }

  cancel(): void {
    this.#owner.cancel(this)
  }

  #settle(status: CallStatus, at: number): void {
    if (this.#settled) throw new Error(`Call ${this.id} was settled twice.`)
    this.#settled = true
    this.status = status
    this.#endedAt = at
    this.handle = undefined
  }

  #wait(): Promise<unknown> {
    if (!this.#promise) {
      this.#promise = Promise.withResolvers()
      if (this.#settled) {
        if (this.error) this.#promise.reject(this.error)
        else this.#promise.resolve(this.result)
      }
    }
    return this.#promise.promise
  }
}
