import { debugSeat, type Json, passPoint, SdError, toError } from '@sd/core'
import type { ParentLink } from '@sd/process/child'
import { findDefinition, findUnclonable, flattenError, freezeShares } from '@sd/process/exchange'
import type { WorkerDefinition } from '../definition/define-worker.ts'
import {
  ABORTED,
  CALL,
  CANCEL,
  FAILED,
  type FromWorker,
  LOG,
  MEMORY,
  type OpenMessage,
  RETURNED,
  SHARE,
  STARTED,
  type ToWorker,
  WITHDRAW,
  WITHDRAWN,
} from '../engine/protocol.ts'
import { AbortedCalls } from './aborted-calls.ts'
import { CallRunner, type GivenCall } from './call-runner.ts'
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
  #runner: CallRunner | undefined
  #memoryAt = 0
  readonly #seat = debugSeat()
  readonly #aborts = new AbortedCalls()
  readonly #now: () => number

  constructor(parent: ParentLink, open: OpenMessage) {
    this.#parent = parent
    this.#open = open
    this.#shares = freezeShares(open.shares)
    const epoch = open.epoch * 1e3
    this.#now = () => {
      const [seconds, nanoseconds] = process.hrtime()
      return Math.round(seconds * 1e6 + nanoseconds / 1e3 - epoch)
    }
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
        log: (level, message, label) => this.#send([LOG, level, message, label ?? null]),
        shares: () => this.#shares,
        onAborted: (id, where) => this.#aborts.note(id, where),
      })
      this.#parent.onMessage((message) => this.#receive(message as ToWorker))
      this.#parent.onDrain(() => this.#drain())
      await implementation.start()
      // What the file has begun, such as listening where the daemon does, may still fail: before there is any call.
      await new Promise<void>((resolve) => setImmediate(resolve))
      this.#implementation = implementation
      this.#runner = this.#createRunner(implementation)
      Object.assign(globalThis, { [Symbol.for('sd.lastAct')]: this.#actLast })
      this.#parent.ready()
    } catch (thrown) {
      this.#parent.startFailed(thrown)
    }
  }

  #findDefinition(): WorkerDefinition<unknown> {
    const { url, ordinal, methods } = this.#open
    const definition = findDefinition<WorkerDefinition<unknown>>('worker', url, ordinal)
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
      case CALL: {
        const [, id, method, args, retries = 0, presumed = false] = message
        return this.#runner?.add({ id, method, args, retries, presumed })
      }
      case CANCEL:
        if (!this.#runner?.withdraw(message[1])) this.#implementation?.cancel(message[1])
        return
      case WITHDRAW:
        return this.#runner?.withdrawAll()
      case SHARE:
        this.#shares = freezeShares(message[1])
    }
  }

  #createRunner(implementation: Implementation): CallRunner {
    const parent = this.#parent
    const seat = this.#seat
    return new CallRunner({
      concurrency: this.#open.concurrency,
      now: this.#now,
      invoke: (call) => {
        if (seat.probe) this.#passRunning(call)
        return implementation.invoke(call, call.args)
      },
      onReturned: this.#onReturned,
      onThrew: this.#onThrew,
      onStarting: (lastId, at) => this.#send([STARTED, lastId, at]),
      onWithdrawn: (ids) => this.#send([WITHDRAWN, ids]),
      flush() {
        parent.flush()
        return parent.buffered === 0
      },
      whenFlushed: (done) => parent.whenFlushed(done),
    })
  }

  #onReturned = (call: GivenCall, startedAt: number, duration: number, value: unknown): void => {
    this.#implementation!.forget(call.id)
    if ((this.#seat.probe || this.#aborts.any) && this.#isAborted(call, startedAt, duration, value)) return
    try {
      this.#send(
        value === undefined
          ? [RETURNED, call.id, startedAt, duration]
          : [RETURNED, call.id, startedAt, duration, value],
      )
    } catch (cause) {
      this.#tellFailure(call, startedAt, duration, this.#unclonableResult(call.method, value, cause))
    }
    if (this.#open.reportMemory) this.#reportMemory()
  }

  #onThrew = (call: GivenCall, startedAt: number, duration: number, thrown: unknown): void => {
    this.#implementation!.forget(call.id)
    if (this.#aborts.any && this.#tellAbort(call, startedAt, duration)) return
    this.#tellFailure(call, startedAt, duration, thrown)
    if (this.#open.reportMemory) this.#reportMemory()
  }

  /** @throws when a debugger aborts the call there: then it does not run. */
  #passRunning(call: GivenCall): void {
    // Left by code that ran on behind the end of an attempt before this one.
    this.#aborts.take(call.id)
    if (this.#pass('running', call)) return
    this.#aborts.note(call.id, 'running')
    throw new Error('A debugger has aborted the call.')
  }

  /** Passes the point behind a call. @returns whether a debugger has aborted it, there or before; then that is told. */
  #isAborted(call: GivenCall, startedAt: number, duration: number, value: unknown): boolean {
    const goOn = this.#aborts.has(call.id) || this.#pass('return', call, value)
    if (!goOn) this.#aborts.note(call.id, 'return')
    return this.#tellAbort(call, startedAt, duration)
  }

  #pass(name: 'running' | 'return', { id, method, args }: GivenCall, value?: unknown): boolean {
    // Whoever waits for what this process has done so far need not wait for a person.
    this.#parent.flush()
    const call = { id, pool: this.#open.alias, method, args }
    return passPoint(this.#seat, name === 'return' ? { name, call, value } : { name, call })
  }

  /** @returns whether a debugger has aborted the call. */
  #tellAbort({ id }: GivenCall, startedAt: number, duration: number): boolean {
    const point = this.#aborts.take(id)
    if (point === undefined) return false
    this.#send([ABORTED, id, startedAt, duration, point])
    return true
  }

  #tellFailure({ id, method }: GivenCall, startedAt: number, duration: number, thrown: unknown): void {
    const flat = flattenError(thrown)
    this.#send([FAILED, id, startedAt, duration, { ...flat, facts: { method, ...flat.facts } }])
  }

  #unclonableResult(method: string, value: unknown, cause: unknown): Error {
    const found = findUnclonable(value, 'result')
    const where = found ? `${found.path} is ${found.what}` : toError(cause).message
    const message = `${this.#open.alias}.${method}(): the result cannot be sent to the daemon: ${where}. Return plain data instead.`
    return new SdError('SD_WORKERS_UNCLONABLE', message, { path: found?.path })
  }

  #reportMemory(): void {
    const now = performance.now()
    if (now - this.#memoryAt < MEMORY_PERIOD) return
    this.#memoryAt = now
    this.#send([MEMORY, process.memoryUsage.rss()])
  }

  async #drain(): Promise<void> {
    await this.#runner?.stop()
    await this.#implementation?.stop()
  }

  /** Called in a process that is stuck, by the daemon that is about to kill it. */
  #actLast = (): void => {
    this.#runner?.withdrawAll()
    this.#parent.flush()
  }

  #send(message: FromWorker): void {
    this.#parent.send(message, 1)
  }
}

function definitionError(message: string): SdError {
  return new SdError('SD_WORKERS_DEFINITION_MISSING', message)
}
