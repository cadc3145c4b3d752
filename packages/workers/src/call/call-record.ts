import type { EngineCall, Outcome } from '../engine/engine.ts'
import type { Call, CallStatus } from './call.ts'

/** Who a call turns to when its user wants something of it. */
export interface CallOwner {
  readonly alias: string
  retry(call: CallRecord): CallRecord
  cancel(call: CallRecord): void
  conclude(call: CallRecord, outcome: Outcome): void
}

/**
 * A {@link Call}, as its pool sees it: with the means to move it on. There may be a million of them, so each holds
 * what it must, and makes objects only for those who ask.
 *
 * It is a promise of the built-in kind, because what is not costs several times the time and memory to be awaited.
 * Its `constructor` is `Promise` for that reason, too (ECMAScript, PromiseResolve), and asking for it is how anybody
 * who awaits the call gives himself away: `await` and `Promise.all` must, and `then` does.
 */
export class CallRecord extends Promise<unknown> implements Call<unknown>, EngineCall {
  readonly id: number
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
  readonly #resolve: (value: unknown) => void
  #observed = false
  #settled = false
  #calledAt: number | undefined = undefined
  #runningAt: number | undefined = undefined
  #endedAt: number | undefined = undefined
  /** When it timed out, where that was not its end. */
  #timedOutAt: number | undefined = undefined

  /** @param inline - whether it runs in the daemon itself. */
  constructor(owner: CallOwner, id: number, method: string, args: readonly unknown[], inline: boolean) {
    let take!: (value: unknown) => void
    super((resolve) => {
      take = resolve
    })
    this.#resolve = take
    this.#owner = owner
    this.id = id
    this.method = method
    this.args = args
    this.inline = inline
  }

  /** Notes that somebody waits for a call. */
  static observe(call: CallRecord): PromiseConstructor {
    // The prototype itself is asked, too.
    if (#observed in call) call.#observed = true
    return Promise
  }

  get pool(): string {
    return this.#owner.alias
  }

  get times(): Readonly<Partial<Record<CallStatus, number>>> {
    const times: Partial<Record<CallStatus, number>> = {}
    if (this.#calledAt !== undefined) times.called = this.#calledAt
    if (this.#runningAt !== undefined) times.running = this.#runningAt
    if (this.#timedOutAt !== undefined) times.timeout = this.#timedOutAt
    if (this.#endedAt !== undefined) times[this.status] = this.#endedAt
    return times
  }

  /** When it last started: monotonic milliseconds, NaN while it has not. */
  get runningAt(): number {
    return this.#runningAt ?? Number.NaN
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Whether anybody waits for it. */
  get observed(): boolean {
    return this.#observed
  }

  onCalled(at: number): void {
    this.status = 'called'
    this.error = undefined
    this.#calledAt = at
  }

  onStarted(pid: number, at: number): void {
    this.status = 'running'
    this.pid = pid
    // Times that come from the worker are rounded.
    this.#runningAt = Math.max(at, this.#calledAt ?? at)
  }

  onEnded(outcome: Outcome): void {
    this.#owner.conclude(this, outcome)
  }

  /** An attempt has failed, which need not be the end. */
  onFailed(status: 'failed' | 'timeout', error: Error, at: number): void {
    this.status = status
    this.error = error
    if (status === 'timeout') this.#timedOutAt = at
  }

  /** Settles with a result. A call settles once: a second time is a defect of the pool, and thrown. */
  fulfil(result: unknown, at: number): void {
    this.#settle('returned', at)
    this.result = result
    this.#resolve(result)
  }

  /** Settles with an error. */
  reject(status: CallStatus, error: Error, at: number): void {
    this.#settle(status, at)
    this.error = error
    const observed = this.#observed
    this.#resolve(Promise.reject(error))
    // Who waits for it hears of it; should nobody, it must not count as an unhandled rejection.
    super.then(undefined, () => {})
    this.#observed = observed
  }

  override get [Symbol.toStringTag](): string {
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
    this.#endedAt = Math.max(at, this.#runningAt ?? at)
    this.handle = undefined
  }
}

Object.defineProperty(CallRecord.prototype, 'constructor', {
  configurable: true,
  get(this: CallRecord) {
    return CallRecord.observe(this)
  },
})
