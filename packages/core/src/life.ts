import type { Clock } from './clock.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import { isAbortOf } from './is-abort-of.ts'
import type { Awaitable } from './json.ts'
import { type LifecycleInput, type LifecycleState, nextState } from './lifecycle.ts'
import type { Loop } from './loop.ts'
import type { PluginRegistry, Unfinished } from './plugin-registry.ts'
import { listMissing, teardownWithin } from './plugin-registry.ts'
import { SdError, toError } from './sd-error.ts'
import type { StopReason, StopReport } from './stop-report.ts'

/** The parts of a daemon that its life sets in motion. */
export interface LifeParts {
  readonly clock: Clock
  readonly plugins: PluginRegistry
  readonly shutdownTimeout: () => number
  /** Milliseconds that the setup of each plugin may take; 0: no limit. */
  readonly setupTimeout: () => number
  readonly createLoop: () => Loop
  readonly checkEnvironment: () => Awaitable<readonly string[] | undefined>
  readonly setup: () => unknown
  readonly teardown: (reason: StopReason) => unknown
  readonly onInit: () => void
  readonly onStarted: () => void
  readonly onShutdown: (reason: StopReason) => void
  /** Something failed while the daemon was stopping anyway. */
  readonly onError: (error: Error) => void
  /** The start failed; `plugin` is the one whose setup it was. */
  readonly onFailedStart: (error: Error, plugin: string | undefined) => void
  /** `execute` failed. The daemon is told to stop by whoever is told this. */
  readonly onFatal: (error: Error) => void
}

/** Why and since when a daemon is to stop. */
export interface StopOrder {
  readonly reason: StopReason
  readonly signal?: NodeJS.Signals
  readonly error?: Error
}

/** What is under way when a start is given up may take this long to end by itself. Milliseconds. */
const START_ENDS_WITHIN = 500

/** The share of the shutdown's time that the loop's last iteration has for itself. */
const LOOP_SHARE = 0.25

/** What the report says of an iteration that did not end, with the two usual reasons. */
const STUCK_ITERATION =
  'execute() did not end in time: hand daemon.signal to what it waits for, and do not await stop() in it'

/** The most that `setInterval` takes. Milliseconds. */
const LONGEST_INTERVAL = 2 ** 31 - 1

/** Brings a daemon from `created` to `stopped`, once. */
export class Life {
  readonly #parts: LifeParts
  readonly #stopping = new AbortController()
  #state: LifecycleState = 'created'
  #order: StopOrder | undefined
  #orderedAt = 0
  #deadline: Deadline | undefined
  #loop: Loop | undefined
  #startedAt: number | undefined
  #setupBegan = false
  /** The steps of the start that were given up. */
  readonly #givenUp: Unfinished[] = []
  #settle!: (report: StopReport) => void
  readonly #report: Promise<StopReport> = new Promise((resolve) => {
    this.#settle = resolve
  })
  #failed = false
  #forcedExitCode: number | undefined

  constructor(parts: LifeParts) {
    this.#parts = parts
  }

  get state(): LifecycleState {
    return this.#state
  }

  /** Why it is to stop; undefined before. */
  get order(): StopOrder | undefined {
    return this.#order
  }

  /** How the stop went, once it has. */
  get report(): Promise<StopReport> {
    return this.#report
  }

  /** Aborted when the daemon begins to stop. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  get loop(): Loop | undefined {
    return this.#loop
  }

  /** Milliseconds since the start; 0 before. */
  get uptime(): number {
    return this.#startedAt === undefined ? 0 : this.#parts.clock.now() - this.#startedAt
  }

  /** @throws SdError `SD_CORE_ENVIRONMENT` with all that is missing here. */
  async check(): Promise<void> {
    const { plugins, checkEnvironment } = this.#parts
    plugins.listInOrder()
    const checks = [plugins.checkEnvironment(), listMissing('daemon', checkEnvironment)]
    const missing = (await Promise.all(checks)).flat()
    if (missing.length > 0) throw environmentError(missing)
  }

  /** Starts, loops, and stops when told to. Rejects with what made the start fail. */
  async live(): Promise<StopReport> {
    if (!this.#move('start')) return this.#report
    this.#startedAt = this.#parts.clock.now()
    // A daemon lives until it is stopped, also while all that it waits for is a signal, which does not count.
    const presence = setInterval(() => {}, LONGEST_INTERVAL)
    const failure = await this.#start()
    const looping = failure || this.#order ? undefined : this.#runLoop()
    if (looping) await Promise.race([looping, this.#ordered()])
    const report = await this.#shutDown(looping)
    clearInterval(presence)
    if (failure) throw failure
    return report
  }

  /**
   * Orders the daemon to stop; the first order counts, but what goes wrong later still makes the stop a
   * failure. Resolves when it has stopped.
   */
  stop(order: StopOrder): Promise<StopReport> {
    if (isFailure(order.reason)) this.#failed = true
    if (this.#order) return this.#report
    this.#order = order
    this.#orderedAt = this.#parts.clock.now()
    if (this.#state === 'created') {
      this.#move('stop')
      this.#settle(this.#makeReport([]))
    } else {
      this.#deadline = createDeadline(this.#parts.clock, this.#parts.shutdownTimeout())
      this.#move(order.reason === 'failed-start' ? 'failed' : 'stop')
      this.#loop?.stop()
    }
    this.#stopping.abort()
    return this.#report
  }

  /** Brings the deadline of a shutdown that is under way forward to now. */
  hurry(exitCode: number): void {
    this.#forcedExitCode = exitCode
    this.#deadline?.expire()
  }

  /** Whether the process should end at once: it was told to hurry, or what it began at the start goes on all the same. */
  get hurried(): boolean {
    return this.#forcedExitCode !== undefined || this.#givenUp.length > 0
  }

  /** @returns what made the start fail. */
  async #start(): Promise<Error | undefined> {
    const { plugins, setup, setupTimeout, onInit, onStarted } = this.#parts
    const goOn = (): boolean => this.#order === undefined
    try {
      await this.#untilGivenUp('checkEnvironment', () => this.check())
      if (!goOn()) return undefined
      await this.#untilGivenUp('setup', () => plugins.setup(goOn, setupTimeout()))
      if (!goOn()) return undefined
      onInit()
      if (!goOn()) return undefined
      this.#setupBegan = true
      await this.#untilGivenUp('setup', async () => setup())
      if (!goOn()) return undefined
      this.#move('started')
      onStarted()
      return undefined
    } catch (thrown) {
      const error = toError(thrown)
      // What fails because the daemon was told to stop meanwhile is no failed start.
      if (!goOn()) return void this.#onLateError(error)
      this.#parts.onFailedStart(error, plugins.settingUp)
      void this.stop({ reason: 'failed-start', error })
      return error
    }
  }

  /** Waits for a step of the start; when told to stop meanwhile, only a moment longer. */
  async #untilGivenUp(name: string, step: () => Promise<unknown>): Promise<void> {
    const done = step().then(() => true)
    const late = this.#ordered().then(async () => {
      const limit = createDeadline(this.#parts.clock, START_ENDS_WITHIN)
      done.then(limit.cancel, limit.cancel)
      await Promise.race([this.#deadline?.passed, limit.passed])
      limit.cancel()
      return false
    })
    if (await Promise.race([done, late])) return
    const who = this.#parts.plugins.settingUp ?? 'daemon'
    this.#givenUp.push({ who: `${who}.${name}`, what: 'did not end in time' })
  }

  /** Resolves when the daemon is told to stop. */
  #ordered(): Promise<void> {
    if (this.#order) return Promise.resolve()
    return new Promise((resolve) => this.signal.addEventListener('abort', () => resolve(), { once: true }))
  }

  async #runLoop(): Promise<void> {
    try {
      this.#loop = this.#parts.createLoop()
      await this.#loop.run()
    } catch (thrown) {
      const error = toError(thrown)
      if (this.#order) return this.#onLateError(error)
      this.#parts.onFatal(error)
    }
  }

  /** Something failed while the daemon was to stop: that it was given up for that is no failure. */
  #onLateError(error: Error): void {
    if (!isAbortOf(this.signal, error)) this.#parts.onError(error)
  }

  async #shutDown(looping: Promise<void> | undefined): Promise<StopReport> {
    const { plugins, clock } = this.#parts
    const order = this.#order!
    const deadline = this.#deadline!
    const unfinished = [...this.#givenUp]
    let loopEnded = looping === undefined
    const loopEnd = looping?.then(() => {
      loopEnded = true
    })

    if (loopEnd) await Promise.race([loopEnd, this.#loopShare(deadline, loopEnd)])
    this.#parts.onShutdown(order.reason)
    unfinished.push(...(await plugins.drain(deadline, loopEnd ?? Promise.resolve(), order.reason)))
    // What the iteration waited for has been settled by now: it gets a last turn before it counts as stuck.
    if (!loopEnded) await Promise.race([loopEnd, deadline.passed.then(() => setImmediatePromise())])
    if (!loopEnded) unfinished.push({ who: 'loop', what: STUCK_ITERATION })
    this.#move('drained')

    if (this.#setupBegan) {
      const failed = await teardownWithin(
        'daemon.teardown',
        () => this.#parts.teardown(order.reason),
        deadline,
        clock,
        this.signal,
      )
      if (failed) unfinished.push(failed)
    }
    unfinished.push(...(await plugins.teardown(order.reason, deadline)))
    deadline.cancel()
    // Who has something to say about what was given up says it a turn later, and before the daemon has stopped.
    await setImmediatePromise()
    this.#move('tornDown')
    const report = this.#makeReport(unfinished, clock.now() - this.#orderedAt)
    this.#settle(report)
    return report
  }

  async #loopShare(deadline: Deadline, loopEnd: Promise<void>): Promise<void> {
    const share = createDeadline(this.#parts.clock, deadline.remaining() * LOOP_SHARE)
    const cancel = (): void => share.cancel()
    void loopEnd.then(cancel)
    await Promise.race([share.passed, deadline.passed])
    cancel()
  }

  #makeReport(unfinished: readonly Unfinished[], duration = 0): StopReport {
    const { reason, signal, error } = this.#order!
    const failed = this.#failed || unfinished.length > 0
    return {
      reason,
      ...(signal && { signal }),
      ...(error && { error }),
      duration,
      unfinished,
      exitCode: this.#forcedExitCode ?? (failed ? 1 : 0),
    }
  }

  #move(input: LifecycleInput): boolean {
    const next = nextState(this.#state, input)
    if (next) this.#state = next
    return next !== undefined
  }
}

function isFailure(reason: StopReason): boolean {
  return reason === 'fatal' || reason === 'failed-start'
}

function environmentError(missing: readonly string[]): SdError {
  const message = `The daemon cannot start here:\n${missing.map((line) => `- ${line}`).join('\n')}`
  const error = new SdError('SD_CORE_ENVIRONMENT', message, { missing })
  // It is for the person who starts the daemon: where in our code it was made tells them nothing.
  error.stack = `${error.name}: ${error.message}`
  return error
}

function setImmediatePromise(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
