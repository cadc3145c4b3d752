import type { Call, CallStatus } from './call.ts'

/** Who a call turns to when its user wants something of it. */
export interface CallOwner {
  retry(call: CallRecord): CallRecord
  cancel(call: CallRecord): void
}

/** A {@link Call}, as its pool sees it: with the means to move it on. */
export class CallRecord implements Call<unknown> {
  readonly id: number
  readonly pool: string
  readonly method: string
  readonly args: readonly unknown[]
  status: CallStatus = 'uncalled'
  retries = 0
  pid: number | undefined
  readonly times: Partial<Record<CallStatus, number>> = {}
  result: unknown
  error: Error | undefined
  /** Where in the daemon it was called: `stack` is made when somebody looks at it. */
  readonly origin: { readonly stack?: string } = {}
  /** Whether it runs in the daemon itself. */
  readonly inline: boolean
  /** Whether its user has given it up: whatever comes of it, it is not tried again. */
  cancelRequested = false
  readonly #owner: CallOwner
  #settled = false
  /** Made only when somebody waits for the call: a promise that nobody has cannot go unhandled. */
  #promise: PromiseWithResolvers<unknown> | undefined

  /** @param caller - the function whose caller counts as the origin. */
  constructor(
    owner: CallOwner,
    id: number,
    pool: string,
    method: string,
    args: readonly unknown[],
    inline: boolean,
    caller?: (...args: never[]) => unknown,
  ) {
    this.#owner = owner
    this.id = id
    this.pool = pool
    this.method = method
    this.args = args
    this.inline = inline
    Error.captureStackTrace(this.origin, caller)
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Whether anybody waits for the promise. */
  get observed(): boolean {
    return this.#promise !== undefined
  }

  /** Moves to a status. */
  enter(status: CallStatus, at: number): void {
    this.status = status
    this.times[status] = at
  }

  /** Settles with a result. A call settles once: a second time is a defect of the pool, and thrown. */
  fulfil(result: unknown): void {
    this.#settle()
    this.result = result
    this.#promise?.resolve(result)
  }

  /** Settles with an error. */
  reject(error: Error): void {
    this.#settle()
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

  #settle(): void {
    if (this.#settled) throw new Error(`Call ${this.id} was settled twice.`)
    this.#settled = true
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
