/** Where a call is in its life. */
export type CallStatus = 'uncalled' | 'called' | 'running' | 'returned' | 'cancelled' | 'timeout' | 'failed'

/**
 * A call of a worker's method: a promise of the result, and all that is known about the call. It never blocks,
 * and when nobody awaits it, its failure goes to the handlers and the log instead of becoming an unhandled
 * rejection.
 */
export interface Call<
  Result,
  Method extends string = string,
  Args extends readonly unknown[] = readonly unknown[],
> extends Promise<Result> {
  /** Unique within the daemon. */
  readonly id: number
  /** The pool's alias. */
  readonly pool: string
  readonly method: Method
  readonly args: Args
  readonly status: CallStatus
  /** How often it was tried again. */
  readonly retries: number
  /** The process that runs or last ran it. */
  readonly pid: number | undefined
  /** When it reached each status: monotonic milliseconds, as `process.hrtime` counts them. */
  readonly times: Readonly<Partial<Record<CallStatus, number>>>
  /** What the method returned, once it has. */
  readonly result: Result | undefined
  /** Why it failed, or why its last try did, also before the handlers of that are called. */
  readonly error: Error | undefined
  /**
   * Runs the call again. In an `onTimeout` or `onError` handler the same call goes on; a settled call is repeated as
   * a new one.
   *
   * @returns the call that runs.
   */
  retry(): Call<Result, Method, Args>
  /**
   * Gives the call up: one that waits is taken from the queue, one that runs has its `this.signal` aborted and
   * its process killed if it does not end soon. It settles with `SD_WORKERS_CANCELLED` when nothing runs any more.
   */
  cancel(): void
}
