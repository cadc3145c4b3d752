import { describe, type Json, type LogLevel, SdError } from '@sd/core'
import { attachContext, createChildContext } from '@sd/process/exchange'
import { IdTable } from '../call/id-table.ts'
import type { WorkerDefinition } from '../definition/define-worker.ts'
import type { CurrentCall, WorkerContext } from '../definition/worker-context.ts'
import { type CallScope, concurrentScope, type Method, type RunningScope, singleScope } from './call-scope.ts'

/** What an implementation is given by the process that it runs in. */
export interface ImplementationSettings {
  readonly alias: string
  /** How many calls run at once. */
  readonly concurrency: number
  log(level: LogLevel, message: string, label?: string): void
  shares(): Readonly<Record<string, Json>>
  /** A debugger has aborted a call. @param where - for people. */
  onAborted(id: number, where: string): void
}

type Lifecycle = Partial<Record<'checkEnvironment' | 'setup' | 'teardown', () => unknown>>

const NEVER_ABORTED: AbortSignal = new AbortController().signal

/** A worker come to life: the user's object, class instance or function, with its context as `this`. */
export class Implementation {
  readonly #settings: ImplementationSettings
  readonly #scope: CallScope
  readonly #running = new IdTable<RunningScope>()
  readonly #self: object
  readonly #function: Method | undefined

  constructor(definition: WorkerDefinition<unknown>, settings: ImplementationSettings) {
    this.#settings = settings
    this.#scope = settings.concurrency === 1 ? singleScope() : concurrentScope()
    const created = definition.create()
    this.#function = definition.kind === 'function' ? (created as Method) : undefined
    this.#self = attachContext(this.#function ? {} : (created as object), this.#createContext())
  }

  /** Checks the environment and sets up. Throws what is missing, or what `setup` throws. */
  async start(): Promise<void> {
    const missing: unknown = (await this.#lifecycle('checkEnvironment')) ?? []
    if (!Array.isArray(missing)) {
      const message = `checkEnvironment() must return an array of strings, not ${describe(missing)}.`
      throw new SdError('SD_WORKERS_ENVIRONMENT', message)
    }
    if (missing.length > 0) {
      const list = missing.map((line) => `\n- ${line}`).join('')
      throw new SdError('SD_WORKERS_ENVIRONMENT', `its environment is incomplete:${list}`, { missing })
    }
    await this.#lifecycle('setup')
  }

  /**
   * Runs a call. Returns, throws or rejects as the worker does. When it has returned a promise, it is to be
   * forgotten once that is settled.
   */
  invoke(call: CurrentCall, args: readonly unknown[]): unknown {
    const method = this.#function ?? (this.#self as Record<string, Method>)[call.method]
    const { id, method: name, retries } = call
    const scope: RunningScope = { id, call: { id, method: name, retries }, args, abort: undefined }
    const result = this.#scope.run(scope, method!, this.#self, args)
    // A call that has returned already cannot be cancelled.
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') this.#running.add(scope)
    return result
  }

  /** A call has ended. */
  forget(id: number): void {
    if (this.#running.size > 0) this.#running.delete(id)
  }

  /** Aborts the signal of a call. */
  cancel(id: number): void {
    const scope = this.#running.get(id)
    if (scope) abort(scope)
  }

  async stop(): Promise<void> {
    await this.#lifecycle('teardown')
  }

  #lifecycle(hook: keyof Lifecycle): unknown {
    if (this.#function) return undefined
    const method = (this.#self as Lifecycle)[hook]
    return method && this.#scope.run(undefined, method, this.#self, [])
  }

  #createContext(): WorkerContext {
    const settings = this.#settings
    const scope = this.#scope
    const common = createChildContext({
      log: settings.log,
      shares: settings.shares,
      notSharedCode: 'SD_WORKERS_NOT_SHARED',
      current() {
        const running = scope.current
        if (!running) return undefined
        const { id, method } = running.call
        return { id, pool: settings.alias, method, args: running.args }
      },
      onAborted({ id }, where) {
        settings.onAborted(id, where)
        const running = scope.current
        if (running) abort(running)
      },
    })
    return {
      ...common,
      get signal() {
        const running = scope.current
        if (!running) return NEVER_ABORTED
        running.abort ??= new AbortController()
        return running.abort.signal
      },
      get call() {
        return scope.current?.call
      },
    }
  }
}

function abort(scope: RunningScope): void {
  scope.abort ??= new AbortController()
  scope.abort.abort()
}
