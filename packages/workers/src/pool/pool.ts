import {
  type CallView,
  childServer,
  type Deadline,
  debugSeat,
  describe,
  isAbortOf,
  type Json,
  type PluginHost,
  passPoint,
  SdError,
  type Timer,
  toError,
} from '@sd/core'
import { RecentRecords } from '@sd/process/exchange'
import type { CallStatus } from '../call/call.ts'
import { type CallOwner, CallRecord } from '../call/call-record.ts'
import { IdTable } from '../call/id-table.ts'
import { OriginRation } from '../call/origin-ration.ts'
import { retryDelay } from '../call/retry-delay.ts'
import type { WorkerDefinition } from '../definition/define-worker.ts'
import type { Engine, Outcome } from '../engine/engine.ts'
import { InlineEngine } from '../engine/inline-engine.ts'
import { LocalEngine } from '../engine/local-engine.ts'
import { shutdownError } from '../engine/shutdown-error.ts'
import {
  type AnyCall,
  type CallHandler,
  checkTimeout,
  poolDefaults,
  type ResolvedPoolOptions,
} from '../options.ts'
import {
  addCallerOf,
  blameCallerOf,
  cancelledError,
  diedError,
  queueFullError,
  timeoutError,
  unknownMethodError,
  unservedError,
} from './call-errors.ts'
import { CallHandlers } from './call-handlers.ts'
import { createClient } from './client.ts'
import { MethodCounter, type MethodStatistics } from './method-statistics.ts'
import { RecentStatuses } from './recent-statuses.ts'

/** How many of the calls under way `inspect` shows. */
const SHOWN_CALLS = 20

/** A queue of this length is without a limit. */
const NO_LIMIT = poolDefaults.maxQueue

type FailedStatus = 'failed' | 'timeout'

/** What a pool is made of. */
export interface PoolSettings {
  readonly host: PluginHost
  readonly alias: string
  readonly definition: WorkerDefinition<unknown>
  readonly options: ResolvedPoolOptions
  /** The id of the next call. */
  readonly nextId: () => number
}

/** Milliseconds between two looks at calls that a restart waits for. */
const LOOK_AGAIN = 20

/**
 * The calls of one worker: it settles each exactly once, decides on retries, tells the handlers and keeps the
 * statistics. Where the calls run is the engine's business.
 */
export class Pool implements CallOwner {
  readonly #settings: PoolSettings
  readonly #engine: Engine
  readonly #inlineEngine: Engine
  readonly #pending = new IdTable<CallRecord>()
  readonly #recent = new RecentStatuses()
  readonly #seat = debugSeat()
  /** What a debugger can still look at. */
  readonly #kept: RecentRecords<CallRecord>
  readonly #counters = new Map<string, MethodCounter>()
  readonly #origins: OriginRation
  /** Undefined where the worker is a function: its name is the pool's, whatever that is. */
  readonly #methods: ReadonlySet<string> | undefined
  readonly #waiting = new Map<CallRecord, Timer>()
  readonly #onReturn: CallHandlers
  readonly #onTimeout: CallHandlers
  readonly #onError: CallHandlers
  /** The calls whose failure is being told to handlers, and whether one of those wants the call again. */
  readonly #asked = new Map<CallRecord, { again: boolean }>()
  #size: number
  #timeout: number
  #accepting = true
  /** Whether the engine was opened, or is about to be: where it is not, calls would wait for ever. */
  #served = false
  #closing = false
  #onEmpty: (() => void)[] = []
  /** The worker, seen from the daemon. */
  readonly client: object
  /** The same worker, run in the daemon itself. */
  readonly inline: object

  constructor(settings: PoolSettings) {
    this.#settings = settings
    const { alias, definition, options } = settings
    this.#size = options.size
    this.#timeout = options.timeout
    this.#kept = new RecentRecords(this.#seat, alias)
    this.#origins = new OriginRation(settings.host.clock.now())
    this.#engine = options.engine?.(settings) ?? new LocalEngine(settings)
    this.#inlineEngine = new InlineEngine(settings)
    checkTraits(alias, this.#engine, options.timeout)
    this.#onReturn = new CallHandlers('onReturn', settings.host, alias)
    this.#onTimeout = new CallHandlers('onTimeout', settings.host, alias)
    this.#onError = new CallHandlers('onError', settings.host, alias)
    if (options.onReturn) this.#onReturn.add(options.onReturn as CallHandler<AnyCall>)
    if (options.onTimeout) this.#onTimeout.add(options.onTimeout as CallHandler<AnyCall>)
    if (options.onError) this.#onError.add(options.onError as CallHandler<AnyCall>)
    const { kind, methods } = definition
    this.#methods = kind === 'function' ? undefined : new Set(methods)
    this.client = createClient(kind, alias, methods, (method, args, caller) =>
      this.#start(this.#create(method, args, false), caller),
    )
    this.inline = createClient(kind, alias, methods, (method, args, caller) =>
      this.#start(this.#create(method, args, true), caller),
    )
  }

  get alias(): string {
    return this.#settings.alias
  }

  get size(): number {
    return this.#size
  }

  get timeout(): number {
    return this.#timeout
  }

  set timeout(timeout: number) {
    const { alias } = this.#settings
    checkTimeout(alias, timeout)
    checkTraits(alias, this.#engine, timeout)
    if (!this.#engine.limitTime) {
      const message = `workers.${alias}: the engine "${this.#engine.name}" cannot change its timeout while it runs. Set it with the option "timeout".`
      throw new SdError('SD_WORKERS_ENGINE', message, { pool: alias, engine: this.#engine.name })
    }
    this.#timeout = timeout
    this.#engine.limitTime(timeout)
  }

  /** How many calls have not settled. */
  get pending(): number {
    return this.#pending.size
  }

  /** Whether a call made now would start at once. */
  isIdle(): boolean {
    if (!this.#accepting || !(this.#served || this.#settings.host.runRequested)) return false
    return this.#engine.backlog < 0 && (this.#engine.isIdle?.() ?? true)
  }

  async open(): Promise<void> {
    this.#served = true
    await this.#engine.open()
  }

  resize(size: number): void {
    if (!Number.isInteger(size) || size < 1 || size > 1024) {
      const message = `workers.${this.#settings.alias}: resize() takes a whole number from 1 to 1024, not ${describe(size)}.`
      throw new SdError('SD_WORKERS_OPTIONS', message, { option: 'size', value: size })
    }
    this.#size = size
    this.#engine.resize(size)
  }

  status(id: number): CallStatus | undefined {
    return this.#pending.get(id)?.status ?? this.#recent.get(id)
  }

  call(id: number): CallRecord | undefined {
    return this.#pending.get(id)
  }

  onReturn(handler: CallHandler<AnyCall>): () => void {
    return this.#onReturn.add(handler)
  }

  onTimeout(handler: CallHandler<AnyCall>): () => void {
    return this.#onTimeout.add(handler)
  }

  onError(handler: CallHandler<AnyCall>): () => void {
    return this.#onError.add(handler)
  }

  stats(): Record<string, MethodStatistics> {
    return Object.fromEntries([...this.#counters].map(([method, counter]) => [method, counter.read()]))
  }

  /** Takes no more calls; resolves when all that were taken have settled. */
  async drain(): Promise<void> {
    this.#accepting = false
    if (this.pending > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve))
  }

  /** Resolves when the calls that wait or run now have settled; more are taken meanwhile. */
  async settle(): Promise<void> {
    // They are looked at, for a call that is awaited counts as handled by its caller.
    let calls = [...this.#pending.values()]
    while (calls.length > 0) {
      await new Promise<void>((resolve) => void this.#settings.host.clock.after(LOOK_AGAIN, resolve, false))
      calls = calls.filter(({ settled }) => !settled)
    }
  }

  /** Ends the pool's work by the deadline: what runs may finish, what waits is given up. */
  async shutDown(deadline: Deadline): Promise<void> {
    this.#refuseMore()
    await Promise.all([this.#engine.drain(deadline), this.#inlineEngine.drain(deadline)])
  }

  /** Ends everything, also a pool that was never opened: no call is left without an end. */
  async close(): Promise<void> {
    this.#refuseMore()
    await Promise.all([this.#engine.close(), this.#inlineEngine.close()])
  }

  /** What can be called. */
  get methods(): readonly string[] {
    return this.#settings.definition.kind === 'function' ? [this.alias] : this.#settings.definition.methods
  }

  /** Calls a method as the client does. */
  run(method: string, args: readonly unknown[]): CallRecord {
    return this.#start(this.#create(method, args, false), this.run)
  }

  /** The calls under way, and the last ones that have settled while there was a debugger; in order of their ids. */
  views(): CallView[] {
    return [...this.#kept.all(), ...this.#pending.values()].map(viewCall).sort((a, b) => a.id - b.id)
  }

  /** One of those. */
  view(id: number): CallView | undefined {
    const record = this.#pending.get(id) ?? this.#kept.get(id)
    return record && viewCall(record)
  }

  inspect(): Json {
    const engine = this.#engine.inspect()
    return {
      ...(typeof engine === 'object' && !Array.isArray(engine) ? engine : {}),
      pending: this.#pending.size,
      methods: this.stats() as unknown as Json,
      calls: this.#pending
        .lowest(SHOWN_CALLS)
        .map((call) => describeCall(call, this.#settings.host.clock.now())),
    }
  }

  retry(call: CallRecord): CallRecord {
    const asked = this.#asked.get(call)
    if (asked) asked.again = true
    if (!call.settled) return call
    const again = this.#create(call.method, call.args, call.inline)
    again.retries = call.retries + 1
    return this.#start(again, this.retry)
  }

  cancel(call: CallRecord): void {
    if (call.settled) return
    call.cancelRequested = true
    // What ran has ended already.
    if (this.#asked.has(call)) return
    const timer = this.#waiting.get(call)
    if (!timer) return this.#engineOf(call).cancel(call)
    timer.cancel()
    this.#waiting.delete(call)
    this.#fail(call, 'cancelled', cancelledError(call))
  }

  #refuseMore(): void {
    this.#accepting = false
    this.#closing = true
    for (const [call, timer] of this.#waiting) {
      timer.cancel()
      this.#fail(call, 'cancelled', shutdownError(this.#settings.alias))
    }
    this.#waiting.clear()
  }

  #create(method: string, args: readonly unknown[], inline: boolean): CallRecord {
    return new CallRecord(this, this.#settings.nextId(), method, args, inline)
  }

  #engineOf(call: CallRecord): Engine {
    return call.inline ? this.#inlineEngine : this.#engine
  }

  /**
   * Starts a new call, or rejects it where it cannot be taken.
   *
   * @param caller - the function whose caller made it.
   */
  #start(call: CallRecord, caller: (...args: never[]) => unknown): CallRecord {
    const now = this.#settings.host.clock.now()
    if (this.#origins.take(now)) {
      call.origin = {}
      Error.captureStackTrace(call.origin, caller)
    }
    this.#pending.add(call)
    this.#admit(call, now)
    return call
  }

  /** Makes an attempt, or concludes that there can be none. */
  #admit(call: CallRecord, now: number): void {
    const { alias, definition, options, host } = this.#settings
    this.#served ||= host.runRequested
    if (!this.#accepting) this.#fail(call, 'cancelled', shutdownError(alias))
    else if (!this.#served && !call.inline) {
      this.#conclude(call, 'failed', unservedError(call, childServer() !== undefined))
    } else if (!this.#isKnown(call.method)) {
      this.#conclude(call, 'failed', unknownMethodError(call, definition.methods))
    } else if (options.maxQueue < NO_LIMIT && this.#engineOf(call).backlog >= options.maxQueue) {
      this.#conclude(call, 'failed', queueFullError(call, options.maxQueue))
    } else this.#attempt(call, now)
  }

  #attempt(call: CallRecord, now: number): void {
    call.onCalled(now)
    this.#engineOf(call)
      .submit(call)
      ?.then(
        (outcome) => this.conclude(call, outcome),
        (thrown) => this.conclude(call, { type: 'refused', error: toError(thrown) }),
      )
  }

  conclude(call: CallRecord, outcome: Outcome): void {
    switch (outcome.type) {
      case 'returned':
        if (this.#seat.probe && this.#isDropped(call, outcome.value)) return
        return this.#return(call, outcome.value, outcome.duration)
      case 'failed':
        // What was thrown in the daemon itself is the user's own object, and its stack shows the caller.
        return this.#askOnFailure(
          call,
          'failed',
          call.inline ? outcome.error : addCallerOf(call, outcome.error),
        )
      case 'refused':
        if (isShutdown(outcome.error)) return this.#fail(call, 'cancelled', outcome.error)
        return this.#conclude(call, 'failed', outcome.error)
      case 'cancelled':
        return this.#fail(call, 'cancelled', cancelledError(call, outcome.point))
      case 'died':
        return this.#retryOrConclude(call, 'failed', diedError(call, outcome))
      case 'timeout': {
        const error = timeoutError(call, outcome.timeout ?? this.#timeout, outcome.workerStack)
        this.#settings.host.log(`Call ${call.id}: ${error.message}`, call.pool)
        return this.#retryOrConclude(call, 'timeout', error)
      }
    }
  }

  #return(call: CallRecord, value: unknown, duration: number | undefined): void {
    // When it ended is known from the worker, and need not be asked of the clock.
    const end = duration === undefined ? this.#settings.host.clock.now() : call.runningAt + duration
    this.#settle(call, 'returned', end)
    call.fulfil(value, end)
    this.#announce(call)
    this.#onReturn.tell(call)
  }

  /** What took the process with it is tried again by itself, and told once that has not helped. */
  #retryOrConclude(call: CallRecord, status: FailedStatus, error: Error): void {
    const mayRetry = !this.#closing && !call.cancelRequested && call.retries < this.#settings.options.retries
    if (!mayRetry) return this.#conclude(call, status, error, this.#onTimeout)
    call.onFailed(status, error, this.#settings.host.clock.now())
    this.#tryAgain(call, error)
  }

  /** A failure that the pool itself has found. */
  #conclude(call: CallRecord, status: FailedStatus, error: Error, first?: CallHandlers): void {
    this.#askOnFailure(call, status, blameCallerOf(call, error), first)
  }

  /**
   * Tells the handlers of a failure, then settles the call or, if one of them wants that, tries it again.
   *
   * @param first - handlers that are told before those of `onError`, which hear of it if it is to be the end.
   */
  #askOnFailure(call: CallRecord, status: FailedStatus, error: Error, first?: CallHandlers): void {
    call.onFailed(status, error, this.#settings.host.clock.now())
    const asked = { again: false }
    this.#asked.set(call, asked)
    if (!call.cancelRequested) first?.tell(call)
    if (!call.cancelRequested && !asked.again) this.#onError.tell(call, first)
    this.#asked.delete(call)
    if (call.cancelRequested) this.#fail(call, 'cancelled', cancelledError(call))
    else if (asked.again && !this.#closing) this.#tryAgain(call, error)
    else this.#settleWith(call, status, error)
  }

  #tryAgain(call: CallRecord, error: Error): void {
    const { host } = this.#settings
    if (this.#seat.probe && !this.#pass('retry', call, error.message)) {
      return this.#fail(call, 'cancelled', cancelledError(call, 'retry'))
    }
    const delay = retryDelay(call.retries, Math.random())
    call.retries++
    this.#counter(call.method).retried()
    const timer = host.clock.after(delay, () => {
      this.#waiting.delete(call)
      this.#admit(call, host.clock.now())
    })
    this.#waiting.set(call, timer)
  }

  /** Whether a debugger has dropped what a call returned; then it has settled. */
  #isDropped(call: CallRecord, value: unknown): boolean {
    if (this.#pass('return', call, value)) {
      this.#kept.add(call)
      return false
    }
    this.#fail(call, 'cancelled', cancelledError(call, 'return'))
    return true
  }

  /** @returns false when a debugger has aborted the call there. */
  #pass(name: 'return' | 'retry', record: CallRecord, value: unknown): boolean {
    const { id, pool, method, args, retries, pid } = record
    const call = { id, pool, method, args }
    const facts = { retries, pid: pid ?? null }
    if (name === 'return') return passPoint(this.#seat, { name, call, value, facts })
    return passPoint(this.#seat, { name, call, facts: { ...facts, error: String(value) } })
  }

  #fail(call: CallRecord, status: CallStatus, error: Error): void {
    this.#settleWith(call, status, blameCallerOf(call, error))
  }

  #settleWith(call: CallRecord, status: CallStatus, error: Error): void {
    const now = this.#settings.host.clock.now()
    this.#settle(call, status, now)
    if (this.#seat.probe) this.#kept.add(call)
    // When somebody waits for the call it is theirs to handle; else the log is the only one to hear of it.
    // `await` takes a moment to say that it waits, also for a call that failed before it was returned.
    if (!call.observed) setImmediate(() => call.observed || this.#tellUnheard(call, error))
    call.reject(status, error, now)
    this.#announce(call)
  }

  #tellUnheard(call: CallRecord, error: Error): void {
    const { host, alias } = this.#settings
    if (isAbortOf(host.signal, error)) host.log(`Call ${call.id}: ${error.message}`, alias)
    else host.error(unheardError(call, error), alias)
  }

  /** Nothing is made for a bus on which nobody listens. */
  #announce(call: CallRecord): void {
    const { host } = this.#settings
    if (host.hasListeners('call')) host.dispatch('call', call)
  }

  /** Takes a call out of what is pending. @param end - when it ended: monotonic milliseconds. */
  #settle(call: CallRecord, status: CallStatus, end: number): void {
    void this.#pending.delete(call.id)
    this.#recent.add(call.id, status)
    // A name that the worker does not know is not counted: there may be any number of those.
    if (this.#isKnown(call.method)) this.#counter(call.method).settled(status, end - call.runningAt)
    if (this.pending === 0) for (const resolve of this.#onEmpty.splice(0)) resolve()
  }

  #isKnown(method: string): boolean {
    return this.#methods?.has(method) ?? true
  }

  #counter(method: string): MethodCounter {
    let counter = this.#counters.get(method)
    if (!counter) {
      counter = new MethodCounter()
      this.#counters.set(method, counter)
    }
    return counter
  }
}

function checkTraits(alias: string, engine: Engine, timeout: number): void {
  if (engine.traits.cancel || timeout === 0) return
  const message = `workers.${alias}: the engine "${engine.name}" cannot end a running call, so it cannot keep a timeout. Set timeout: 0, or use another engine.`
  throw new SdError('SD_WORKERS_ENGINE', message, { pool: alias, engine: engine.name })
}

/** @param now - monotonic milliseconds. */
function describeCall({ id, method, status, pid, retries, times }: CallRecord, now: number): Json {
  const since = times.running ?? times.called
  return {
    id,
    method,
    status,
    pid: pid ?? null,
    retries,
    age: since === undefined ? null : Math.round(now - since),
  }
}

function viewCall(record: CallRecord): CallView {
  const { id, pool, method, args, status, settled, retries, pid, times, result, error } = record
  return {
    ...{ id, pool, method, args, status, settled, retries, pid, times },
    ...(status === 'returned' && { result }),
    ...(error && { error }),
  }
}

function isShutdown(error: Error): boolean {
  return error instanceof SdError && error.code === 'SD_WORKERS_SHUTDOWN'
}

function unheardError(call: CallRecord, cause: Error): SdError {
  const message = `Call ${call.id} ${call.pool}.${call.method}() failed, and nobody waits for it: ${cause.message}`
  return new SdError('SD_WORKERS_UNHEARD', message, { cause })
}
