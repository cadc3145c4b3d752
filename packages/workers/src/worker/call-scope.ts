import { AsyncLocalStorage } from 'node:async_hooks'
import type { CurrentCall } from '../definition/worker-context.ts'

/** A call while it runs. */
export interface RunningScope {
  /** The call's. */
  readonly id: number
  readonly call: CurrentCall
  readonly args: readonly unknown[]
  /** Made when the worker first asks for its signal. */
  abort: AbortController | undefined
}

/** A method of a worker. */
export type Method = (this: unknown, ...args: readonly unknown[]) => unknown

/** Knows which call the code that asks belongs to. */
export interface CallScope {
  readonly current: RunningScope | undefined
  /** Calls a method. @param scope - undefined outside of any call. */
  run(scope: RunningScope | undefined, method: Method, self: object, args: readonly unknown[]): unknown
}

/** For one call at a time: the current one is simply the one that runs. */
export function singleScope(): CallScope {
  let current: RunningScope | undefined
  return {
    get current() {
      return current
    },
    run(scope, method, self, args) {
      current = scope
      return Reflect.apply(method, self, args)
    },
  }
}

/** For several calls at a time: each asynchronous path remembers its own, at some cost per promise. */
export function concurrentScope(): CallScope {
  const storage = new AsyncLocalStorage<RunningScope | undefined>()
  return {
    get current() {
      return storage.getStore()
    },
    run: (scope, method, self, args) => storage.run(scope, () => Reflect.apply(method, self, args)),
  }
}
