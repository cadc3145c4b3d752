import { type Json, SdError, toError } from '@sd/core'
import type { ParentLink } from '@sd/process/child'
import { findUnclonable } from '../call/find-unclonable.ts'
import { flattenError, plainError } from '../call/flat-error.ts'
import type { WorkerDefinition } from '../definition/define-worker.ts'
import { findDefinition } from '../definition/definition-registry.ts'
import type { FromWorker, OpenMessage, ToWorker } from '../engine/protocol.ts'
import { Implementation } from './implementation.ts'

/** Milliseconds between two looks at the process's memory. */
const MEMORY_PERIOD = 100

/** The worker's side of a pool: runs the calls that the daemon sends, one after the other or as many as allowed. */
export class WorkerServer {
  readonly #parent: ParentLink
  readonly #open: OpenMessage
  #shares: Readonly<Record<string, Json>>
  #serving: Promise<void> | undefined
  #implementation: Implementation | undefined
  #running = 0
  #onIdle: (() => void) | undefined
  #memoryAt = 0

  constructor(parent: ParentLink, open: OpenMessage) {
    this.#parent = parent
    this.#open = open
    this.#shares = freeze(open.shares)
  }

  /** What `run()` of the daemon becomes in this process. */
  serve(): Promise<never> {
    void this.begin()
    return new Promise(() => {})
  }

  /** Brings the worker to life and tells the daemon that it is ready. Once, however often it is called. */
  begin(): Promise<void> {
    this.#serving ??= this.#start()
    return this.#serving
  }

  async #start(): Promise<void> {
    try {
      const implementation = new Implementation(this.#findDefinition(), {
        alias: this.#open.alias,
        concurrency: this.#open.concurrency,
        log: (level, message, label) => this.#send(['log', level, message, label]),
        shares: () => this.#shares,
      })
      this.#parent.onMessage((message) => this.#receive(message as ToWorker))
      this.#parent.onDrain(() => this.#drain())
      await implementation.start()
      this.#implementation = implementation
      this.#parent.ready()
    } catch (thrown) {
      this.#parent.startFailed(thrown)
    }
  }

  #findDefinition(): WorkerDefinition<unknown> {
    const { url, ordinal, methods } = this.#open
    const definition = findDefinition(url, ordinal)
    const number = `number ${ordinal + 1} of ${url}`
    if (!definition) {
      throw definitionError(
        `the file does not define it before run() is called (it is worker ${number}). Call defineWorker() at the top of the module, above run(), and with the module's own import.meta.url.`,
      )
    }
    if (definition.methods.join() !== methods.join()) {
      const found = definition.methods.join(', ') || 'a function'
      throw definitionError(
        `worker ${number} is another one here (${found}) than in the daemon (${methods.join(', ') || 'a function'}). The file must define the same workers in the same order in every process.`,
      )
    }
    return definition
  }

  #receive(message: ToWorker): void {
    switch (message[0]) {
      case 'call':
        return this.#run(message[1], message[2], message[3], message[4])
      case 'cancel':
        return this.#implementation?.cancel(message[1])
      case 'share':
        this.#shares = freeze(message[1])
    }
  }

  #run(id: number, method: string, args: readonly unknown[], retries: number): void {
    this.#running++
    this.#send(['started', id, Number(process.hrtime.bigint()) / 1e6])
    // The daemon must know of the start even when the method never gives the thread back.
    this.#parent.flush()
    let result: unknown
    try {
      result = this.#implementation!.invoke({ id, method, retries }, args)
    } catch (thrown) {
      return this.#fail(id, method, thrown)
    }
    if (result instanceof Promise) {
      result.then(
        (value) => this.#return(id, method, value),
        (reason) => this.#fail(id, method, reason),
      )
    } else {
      this.#return(id, method, result)
    }
  }

  #return(id: number, method: string, value: unknown): void {
    try {
      this.#send(['returned', id, value])
    } catch (cause) {
      return this.#fail(id, method, this.#unclonableResult(method, value, cause))
    }
    this.#ended()
  }

  #fail(id: number, method: string, thrown: unknown): void {
    const flat = flattenError(thrown)
    try {
      this.#send(['failed', id, { ...flat, facts: { method, ...flat.facts } }])
    } catch {
      // Too large, for instance.
      this.#send(['failed', id, { ...plainError(thrown), facts: { method } }])
    }
    this.#ended()
  }

  #unclonableResult(method: string, value: unknown, cause: unknown): Error {
    const found = findUnclonable(value, 'result')
    const where = found ? `${found.path} is ${found.what}` : toError(cause).message
    const message = `${this.#open.alias}.${method}(): the result cannot be sent to the daemon: ${where}. Return plain data instead.`
    return new SdError('SD_WORKERS_UNCLONABLE', message, { path: found?.path })
  }

  #ended(): void {
    if (this.#open.reportMemory) this.#reportMemory()
    this.#running--
    if (this.#running === 0) this.#onIdle?.()
  }

  #reportMemory(): void {
    const now = performance.now()
    if (now - this.#memoryAt < MEMORY_PERIOD) return
    this.#memoryAt = now
    this.#send(['memory', process.memoryUsage.rss()])
  }

  async #drain(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    await this.#implementation?.stop()
  }

  #send(message: FromWorker): void {
    this.#parent.send(message)
  }
}

function definitionError(message: string): SdError {
  return new SdError('SD_WORKERS_DEFINITION_MISSING', message)
}

/** Workers read what plugins share; a change would be lost, so it is refused. */
function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part)
  }
  return value
}
