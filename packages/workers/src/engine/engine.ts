import type { Awaitable, Deadline, Json, PluginHost } from '@sd/core'
import type { Death } from '@sd/process/exchange'
import type { WorkerDefinition } from '../definition/define-worker.ts'
import type { ResolvedPoolOptions } from '../options.ts'

/** What an engine can promise. An option that needs more than that fails at start. */
export interface EngineTraits {
  /** Calls survive the end of the daemon. */
  readonly durable: boolean
  /** Calls may run on other machines. */
  readonly remote: boolean
  /** A running call can be ended and its end confirmed: what `timeout` and `cancel()` need. */
  readonly cancel: boolean
}

/** One attempt to run a call. */
export interface EngineCall {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
  /** How often the call was tried before. */
  readonly retries: number
  /** For the engine's own use: what it wants to find the call by when it is cancelled. */
  handle: unknown
  /** Tells that it has started. Told again, the later word counts. @param at - monotonic milliseconds. */
  onStarted(pid: number, at: number): void
  /** Tells how it ended: once, and only when `submit` has not returned a promise of that. */
  onEnded(outcome: Outcome): void
}

/** How an attempt ended. The engine says `timeout`, `died` and `cancelled` only when nothing runs any more. */
export type Outcome =
  | {
      readonly type: 'returned'
      readonly value: unknown
      /** Milliseconds that it ran, where that is known better than by the time since its start. */
      readonly duration?: number
    }
  /** The worker threw. */
  | { readonly type: 'failed'; readonly error: Error }
  | {
      readonly type: 'timeout'
      readonly workerStack?: string
      /** Milliseconds that it had. @default the pool's timeout */
      readonly timeout?: number
    }
  | ({ readonly type: 'died' } & Death)
  | {
      readonly type: 'cancelled'
      /** Where a debugger has aborted it, for people. */
      readonly point?: string
    }
  /** It could not be run and trying again would not help: shutdown, a value that cannot be sent. */
  | { readonly type: 'refused'; readonly error: Error }

/** Where the calls of one pool run. */
export interface Engine {
  readonly name: string
  readonly traits: EngineTraits
  /**
   * Calls that it holds beyond those that it can run at the same time: what `maxQueue` limits. Negative while
   * there is room.
   */
  readonly backlog: number
  /** Prepares to run calls. A failure ends the daemon's start. */
  open(): Awaitable<void>
  /**
   * Runs a call.
   *
   * @returns a promise of the outcome; or nothing, when the engine calls `call.onEnded`, which costs less.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: an engine that returns nothing is the usual case
  submit(call: EngineCall): PromiseLike<Outcome> | void
  /** Gives a call up; its outcome comes as that of any other. */
  cancel(call: EngineCall): void
  /**
   * Whether a call could start at once, where `backlog` alone does not tell: it is asked only while that is negative.
   * @default true
   */
  isIdle?(): boolean
  /** Changes how many calls may run at once. */
  resize(size: number): void
  /**
   * Changes how many milliseconds calls have that start from now on; 0: no limit. An engine without this keeps the
   * option `timeout`, and `pool.timeout` cannot be set.
   */
  limitTime?(timeout: number): void
  /** Takes no more calls, refuses those that wait, and lets the running ones finish until the deadline. */
  drain(deadline: Deadline): Awaitable<void>
  /** Ends everything. */
  close(): Awaitable<void>
  inspect(): Json
}

/** What an engine is made of. */
export interface EngineContext {
  readonly host: PluginHost
  /** The pool's alias. */
  readonly alias: string
  readonly definition: WorkerDefinition<unknown>
  readonly options: ResolvedPoolOptions
}

/** Makes an engine for a pool. */
export type EngineFactory = (context: EngineContext) => Engine
