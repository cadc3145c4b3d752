import type { CallStatus } from './call/call.ts'
import type { CallOf, Client, WorkerShape } from './definition/worker-shape.ts'
import type { CallHandler } from './options.ts'
import type { MethodStatistics } from './pool/method-statistics.ts'

/** A pool, as users see it. */
export interface WorkerPool<Worker = WorkerShape> {
  /** How many processes it may have. */
  readonly size: number
  /** The worker, run in the daemon itself: for tests, and for calls that are not worth the trip. */
  readonly inline: Client<Worker>
  /**
   * Milliseconds from the start of a call until its process is killed; 0: none. Set, it applies to calls that start
   * from then on; those that run keep theirs.
   * @throws SdError `SD_WORKERS_OPTIONS` when it is not a number from 0; `SD_WORKERS_ENGINE` when the pool's engine
   * cannot keep it.
   */
  timeout: number
  /** How many calls have not settled: those that wait, run, or are to be tried again. */
  readonly pending: number
  /**
   * Whether a call made now would start at once: a process is free, or may be started within `size`, and no call
   * waits for it. False before `run()`, and once no more calls are taken.
   */
  isIdle(): boolean
  /**
   * Changes the number of processes; the ones that are too many end after their call.
   * @throws SdError `SD_WORKERS_OPTIONS` when it is not a whole number from 1 to 1024.
   */
  resize(size: number): void
  /** The status of a call: any that is pending, and the last 1000 that have settled. */
  status(id: number): CallStatus | undefined
  /** A call that has not settled. */
  call(id: number): CallOf<Worker> | undefined
  /** Runs a settled call again, as a new call. */
  retry(call: CallOf<Worker>): CallOf<Worker>
  /** Statistics by method. */
  stats(): Record<string, MethodStatistics>
  /** Takes no more calls; resolves when all that were taken have settled. */
  drain(): Promise<void>
  /** Adds a handler for calls that have returned. @returns a function that removes it. */
  onReturn(handler: CallHandler<CallOf<Worker>>): () => void
  /**
   * Adds a handler for calls that have timed out or whose process died: as the option `onTimeout`.
   * @returns a function that removes it.
   */
  onTimeout(handler: CallHandler<CallOf<Worker>>): () => void
  /** Adds a handler for calls that fail: as the option `onError`. @returns a function that removes it. */
  onError(handler: CallHandler<CallOf<Worker>>): () => void
}

/** `daemon.workers`: a client per alias, and their pools. */
export type WorkersService<Workers extends Record<string, WorkerShape>> = {
  readonly [Alias in keyof Workers]: Client<Workers[Alias]>
} & {
  /**
   * The pool behind a client.
   * @throws SdError `SD_WORKERS_UNKNOWN_POOL` naming the known ones.
   */
  pool<Alias extends keyof Workers & string>(alias: Alias): WorkerPool<Workers[Alias]>
}
