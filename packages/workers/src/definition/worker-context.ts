import type { Json, LogFunction } from '@sd/core'
import type { ChildContext } from '@sd/process/exchange'

/** The call that is running, as the worker sees it. */
export interface CurrentCall {
  readonly id: number
  readonly method: string
  /** How often it was tried before. */
  readonly retries: number
}

/** What a worker has as `this`, beside its own members. */
export interface WorkerContext extends ChildContext {
  /** Aborted when the running call is cancelled. */
  readonly signal: AbortSignal
  /** The running call; undefined in `setup` and `teardown`. */
  readonly call: CurrentCall | undefined
}

/**
 * A base for worker classes that want the context typed as members of their own. Classes that do not extend
 * it get the same members.
 *
 * @example
 * ```ts
 * class Primes extends WorkerBase {
 *   isPrime(n: number): boolean { this.log(`asked for ${n}`); return n === 2 }
 * }
 * ```
 */
export abstract class WorkerBase implements WorkerContext {
  declare log: LogFunction
  declare error: LogFunction
  declare breakpoint: (label?: string) => boolean
  declare daemon: (plugin: string) => Json
  declare readonly signal: AbortSignal
  declare readonly call: CurrentCall | undefined
}
