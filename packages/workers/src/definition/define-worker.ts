import { describe, describeMisspelt, listMembers, SdError } from '@sd/core'
import { enterDefinition, moduleUrl } from '@sd/process/exchange'
import { listMethods } from './list-methods.ts'
import type { WorkerContext } from './worker-context.ts'

/** A worker as `defineWorker` made it: where it is written, and how a process of it is created. */
export interface WorkerDefinition<Worker> {
  /** The file in which `defineWorker` was called; a worker process imports it. */
  readonly url: string
  /** Which of that file's definitions it is, from 0. */
  readonly ordinal: number
  /** Whether it is called itself, or its methods are. */
  readonly kind: 'function' | 'object'
  /** The methods that can be called; empty for a function. */
  readonly methods: readonly string[]
  /** What is probably not as it was meant, in sentences. */
  readonly mistakes: readonly string[]
  /** Creates the worker; called once in each process. */
  readonly create: () => Worker
}

/**
 * Defines a worker: code whose calls run in background processes. Call it at the top of a module, above any
 * call of `run()`: each worker process imports that module and finds the definition again.
 *
 * @param module - where this is written: `import.meta.url`, or `__filename` in CommonJS.
 * @param workerClass - each process makes one instance of it.
 * @param constructorArguments - what its constructor gets.
 * @throws SdError `SD_WORKERS_DEFINITION` when there is nothing that could be called.
 * @example
 * ```ts
 * class Counter {
 *   #total: number
 *   constructor(start: number) { this.#total = start }
 *   next(): number { return ++this.#total }
 * }
 * export const counter = defineWorker(import.meta.url, Counter, 10)
 * ```
 */
export function defineWorker<Instance extends object, Args extends unknown[]>(
  module: string | URL,
  workerClass: new (...args: Args) => Instance,
  ...constructorArguments: Args
): WorkerDefinition<Instance>
/**
 * Defines a worker that is a function: it is called as `daemon.workers.<alias>(...)`.
 *
 * @param module - where this is written: `import.meta.url`, or `__filename` in CommonJS.
 * @throws SdError `SD_WORKERS_DEFINITION` when it is no function.
 * @example
 * ```ts
 * export const double = defineWorker(import.meta.url, (n: number): number => n * 2)
 * ```
 */
export function defineWorker<Args extends unknown[], Result>(
  module: string | URL,
  worker: (this: WorkerContext, ...args: Args) => Result,
): WorkerDefinition<(...args: Args) => Result>
/**
 * Defines a worker that is an object of methods; `this` is the {@link WorkerContext} with the object's members.
 *
 * @param module - where this is written: `import.meta.url`, or `__filename` in CommonJS.
 * @throws SdError `SD_WORKERS_DEFINITION` when it has no method that could be called.
 * @example
 * ```ts
 * export const greeter = defineWorker(import.meta.url, {
 *   setup() { this.log('worker up') },
 *   greet(who: string): string { return `hello ${who}` },
 * })
 * ```
 */
export function defineWorker<Methods extends object>(
  module: string | URL,
  worker: Methods & ThisType<WorkerContext & Methods>,
): WorkerDefinition<Methods>
export function defineWorker(
  module: string | URL,
  worker: unknown,
  ...constructorArguments: unknown[]
): WorkerDefinition<unknown> {
  const url = moduleUrl(module)
  if (url === undefined) {
    const message = `defineWorker(): the first argument must be import.meta.url (or __filename in CommonJS), not ${describe(module)}.`
    throw new SdError('SD_WORKERS_DEFINITION', message)
  }
  const shape = describeWorker(worker, constructorArguments)
  return enterDefinition('worker', url, (ordinal) => Object.freeze({ url, ordinal, ...shape }))
}

/** Whether a value was made by `defineWorker`, of whichever copy of this package. */
export function isDefinition(value: unknown): value is WorkerDefinition<unknown> {
  const candidate = value as Partial<WorkerDefinition<unknown>> | null
  return typeof candidate?.create === 'function' && typeof candidate.url === 'string'
}

function describeWorker(
  worker: unknown,
  args: readonly unknown[],
): Pick<WorkerDefinition<unknown>, 'kind' | 'methods' | 'mistakes' | 'create'> {
  if (typeof worker === 'function') {
    if (!isClass(worker)) return { kind: 'function', methods: [], mistakes: [], create: () => worker }
    const methods = checkMethods(listMethods(worker.prototype as object))
    const mistakes = listMistakes(worker.prototype as object)
    return { kind: 'object', methods, mistakes, create: () => Reflect.construct(worker, args) as object }
  }
  if (typeof worker === 'object' && worker !== null) {
    const methods = checkMethods(listMethods(worker))
    return { kind: 'object', methods, mistakes: listMistakes(worker), create: () => worker }
  }
  const message = `defineWorker(): the second argument must be a function, an object of methods, or a class, not ${describe(worker)}.`
  throw new SdError('SD_WORKERS_DEFINITION', message)
}

function listMistakes(worker: object): string[] {
  const blanks = ['checkEnvironment', 'setup', 'teardown'].filter((name) => !(name in worker))
  return describeMisspelt('It', listMembers(worker), blanks)
}

function checkMethods(methods: readonly string[]): readonly string[] {
  if (methods.length === 0) {
    const message = 'defineWorker(): the worker has no method that could be called. Give it at least one.'
    throw new SdError('SD_WORKERS_DEFINITION', message)
  }
  if (methods.includes('then')) {
    const message = 'defineWorker(): a method cannot be named "then": `await` would call it. Rename it.'
    throw new SdError('SD_WORKERS_DEFINITION', message)
  }
  return Object.freeze([...methods])
}

/** A class cannot be called without `new`: its `prototype` is not writable. */
function isClass(value: unknown): value is new (...args: unknown[]) => object {
  return Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false
}
