import type { MethodName } from '../workers/method-name.ts'

/** A value, or a promise of it. */
export type Awaitable<Value> = Value | PromiseLike<Value>

/** What a measured pool is: ours, a peer's threads or processes, or what lies below all of them. */
export type Kind = 'ours' | 'thread' | 'process' | 'bare'

/** A pool that runs. */
export interface Pool {
  /** Has a worker run one of {@link import('../workers/methods.ts')} with one argument. */
  call(method: MethodName, argument: unknown): PromiseLike<unknown>
  /** Ends the workers. */
  close(): Awaitable<unknown>
}

/** Starts a pool. @param size - workers. */
export type StartPool = (size: number) => Awaitable<Pool>

/** One way to run calls elsewhere: a library with a choice of options, or a bare control. */
export interface Adapter {
  readonly name: string
  readonly kind: Kind
  /** Imports what it needs, so that a process holds only the library that it measures. */
  load(): Promise<StartPool>
}
