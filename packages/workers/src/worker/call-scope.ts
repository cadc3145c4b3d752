import { AsyncLocalStorage } from 'node:async_hooks'
import type { CurrentCall } from '../definition/worker-context.ts'

/** A call while it runs. */
export interface RunningScope {
  readonly call: CurrentCall
  /** Made when the worker first asks for its signal. */
  abort: AbortController | undefined
}

/** Knows which call the code that asks belongs to. */
export interface CallScope {
  readonly current: RunningScope | undefined
  /** @param scope - undefined outside of any call. */
  run<Result>(scope: RunningScope | undefined, work: () => Result): Result
}

/** For one call at a time: the current one is simply the one that runs. */
export function singleScope(): CallScope {
  let current: RunningScope | undefined
  return {
    get current() {
      return current
    },
    run(scope, work) {
      current = scope
      return work()
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
    run: (scope, work) => storage.run(scope, work),
  }
}
