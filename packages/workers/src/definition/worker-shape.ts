import type { Call } from '../call/call.ts'

/** What can be a worker: an object of methods, an instance of a class, or a function. */
// biome-ignore lint/suspicious/noExplicitAny: `any` is the only parameter list that every function fits
export type WorkerShape = object | ((...args: any[]) => unknown)

/** Members that are the worker's own and cannot be called from the daemon. */
export type LifecycleMethod = 'setup' | 'teardown' | 'checkEnvironment'

// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyFunction = (...args: any[]) => unknown

/** The names of a worker's methods that the daemon can call. */
export type MethodName<Worker> = Worker extends AnyFunction
  ? string
  : {
      [K in keyof Worker & string]: Worker[K] extends AnyFunction
        ? K extends LifecycleMethod | ContextMember
          ? never
          : K
        : never
    }[keyof Worker & string]

/** Members that `WorkerBase` adds; they are no methods of the worker. */
type ContextMember = 'log' | 'error' | 'breakpoint' | 'daemon'

/** One method, seen from the daemon: the same parameters, and a {@link Call} of its result. */
type ClientMethod<Method> = Method extends (...args: infer Args) => infer Result
  ? (...args: Args) => Call<Awaited<Result>>
  : never

/** A worker, seen from the daemon: call it, or its methods, as if it were here. */
export type Client<Worker> = Worker extends AnyFunction
  ? ClientMethod<Worker>
  : { readonly [K in MethodName<Worker>]: ClientMethod<Worker[K & keyof Worker]> }

/** Any call of a worker; `method` tells which, and so what `args` and `result` are. */
export type CallOf<Worker> = Worker extends AnyFunction
  ? Call<Awaited<ReturnType<Worker>>, string, Parameters<Worker>>
  : {
      [K in MethodName<Worker>]: Worker[K & keyof Worker] extends (...args: infer Args) => infer Result
        ? Call<Awaited<Result>, K, Args>
        : never
    }[MethodName<Worker>]
