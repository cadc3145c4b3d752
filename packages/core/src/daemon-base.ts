import { getPriority } from 'node:os'
import { type ArgumentCheck, DaemonArguments } from './arguments/daemon-arguments.ts'
import type { ArgumentsOf, OwnOptions } from './arguments/own-options.ts'
import { childServer } from './child-server.ts'
import { systemClock } from './clock.ts'
import { type DaemonHooks, HOOKS, SETTINGS } from './daemon-hooks.ts'
import { DaemonLog } from './daemon-log.ts'
import type { DebugFacet } from './debug/debug-facet.ts'
import { debugSeat, passPoint } from './debug/debug-probe.ts'
import { enterDebugTarget } from './debug/debug-target.ts'
import { type Environment, EnvironmentValues } from './environment.ts'
import {
  createEventBus,
  type DaemonEvents,
  type EventBus,
  type EventHandle,
  type EventName,
  type Handler,
  type ListenOptions,
} from './event-bus.ts'
import { BUILT_IN_EVENTS } from './events.ts'
import { describeFailure, endBriefly, isExpectedFailure, noteFailure, untoldFailure } from './failure.ts'
import { formatValues } from './format-values.ts'
import { readInstructions } from './install-instructions.ts'
import { isAbortOf } from './is-abort-of.ts'
import { launcher } from './launcher.ts'
import { Life, type StopOrder } from './life.ts'
import type { LifeState } from './life-change.ts'
import type { LifecycleState } from './lifecycle.ts'
import { createEventLog } from './log/event-log.ts'
import { Loop } from './loop.ts'
import { findMeant } from './misspelt-members.ts'
import {
  type DaemonOptions,
  type ResolvedDaemonOptions,
  reservedNames,
  resolveDaemonOptions,
} from './options.ts'
import { PausableClock } from './pausable-clock.ts'
import { type Plugin, resolveUseOptions, type UseOptions } from './plugin.ts'
import { createPluginHost } from './plugin-host.ts'
import { PluginRegistry } from './plugin-registry.ts'
import { applyPriority, defaultPriority } from './priority.ts'
import { endProcess, guardProcess, isLastDaemon, type ProcessGuard } from './process-guard.ts'
import { processUser } from './process-user.ts'
import { describe } from './resolve-options.ts'
import { canComeBack } from './restart/can-come-back.ts'
import { holdEarlySignals, releaseEarlySignals } from './restart/early-signals.ts'
import { takeHandedOver } from './restart/handed-over.ts'
import { predecessorEnd } from './restart/predecessor-end.ts'
import { concludePreflight, isPreflight } from './restart/preflight-process.ts'
import { restartInPlace } from './restart/restart-in-place.ts'
import { RestartPlan } from './restart/restart-plan.ts'
import type { Restarter } from './restart/restarter.ts'
import { watchAdopted } from './restart/watch-adopted.ts'
import { SdError, toError } from './sd-error.ts'
import { SignalNotice, StopOrders, signalEffects, signalNumber } from './signals.ts'
import { type DaemonStatistics, formatStatistics } from './statistics.ts'
import type { StopReason, StopReport } from './stop-report.ts'
import { noticeUnstarted } from './unstarted-daemon.ts'

const BRAND: unique symbol = Symbol.for('sd.daemon') as never

// A process that was replaced has listened before; what else the program imports may take its time.
holdEarlySignals()

/** Whether a value is a daemon, of whichever copy of this package. */
export function isDaemon(value: unknown): value is DaemonBase {
  return typeof value === 'object' && value !== null && BRAND in value
}

/** Whether a value is a class of daemons (`class Poller extends Daemon`), of whichever copy of this package. */
export function isDaemonClass(value: unknown): value is new () => DaemonBase {
  return typeof value === 'function' && BRAND in value
}

/** So many uncaught errors are told of: the first one ends the daemon. */
const MOST_UNCAUGHT = 100

/** What both styles of writing a daemon share: everything but the blanks to fill in. */
export abstract class DaemonBase {
  /** Names the daemon in the log, in `ps` and to the tools. */
  abstract readonly name: string
  /** Milliseconds that a shutdown may take in all. */
  abstract readonly shutdownTimeout: number
  /** Milliseconds between the starts of two iterations. Changed while the daemon runs, it holds from the next slot on. */
  abstract interval: number | null
  /** The options of the daemon's own command line, as they were declared. */
  abstract readonly options: OwnOptions
  static readonly [BRAND] = true
  readonly [BRAND] = true
  readonly #clock: PausableClock = new PausableClock(systemClock)
  readonly #bus: EventBus
  readonly #log: DaemonLog
  readonly #plugins = new PluginRegistry(this.#clock, () => this.signal)
  readonly #life: Life
  readonly #restart: RestartPlan = new RestartPlan(this.#clock)
  readonly #stopOrders = new StopOrders()
  /** What `log` is where the author has not overridden it. */
  #ownLog: unknown
  #uncaught = 0
  #onStart = (): void => {}
  /** What the program has set, and what holds. */
  #interval: { readonly given: number | null; readonly used: number | null } = { given: null, used: null }
  readonly #environment: EnvironmentValues
  readonly #arguments = new DaemonArguments(
    () => this.options,
    // The command line of a process that is not the daemon's is somebody else's.
    () => (this[SETTINGS]().signals === false && !launcher() ? [] : process.argv.slice(2)),
  )
  #options: ResolvedDaemonOptions | undefined
  #guard: ProcessGuard | undefined
  #run: Promise<StopReport> | undefined
  /** Milliseconds of the time for a shutdown that were used before it began. */
  #settledFor = 0
  /** A restart that has not stopped anything yet. */
  #restarting: Promise<StopReport> | undefined

  constructor() {
    // Before the program starts any child, which must not inherit it.
    takeHandedOver()
    isPreflight()
    if (!childServer() && !launcher()) this.#onStart = noticeUnstarted(() => this.#label)
    this.#bindLogging()
    this.#bus = createEventBus(
      this.#clock,
      (event, error) => this.#onListenerFailure(event, error),
      (event) => event === 'signal' && this.#guard?.listenToOthers(),
      (error) => this.error(error),
    )
    this.#log = new DaemonLog(
      this.#clock,
      this.#bus,
      () => this.#openLog(),
      () => (this.log === this.#ownLog ? undefined : this.log),
    )
    this.#life = new Life({
      clock: this.#clock,
      plugins: this.#plugins,
      shutdownTimeout: () => this.#resolved.shutdownTimeout - this.#settledFor,
      setupTimeout: () => this.#resolved.setupTimeout,
      createLoop: () => this.#createLoop(),
      checkEnvironment: () => this[HOOKS]().checkEnvironment(),
      setup: () => this[HOOKS]().setup(),
      teardown: (reason) => this[HOOKS]().teardown(reason),
      onInit: () => this.#onInit(),
      onStarted: () => this.#onStarted(),
      onShutdown: (reason) => this.#onShutdown(reason),
      onError: (error) => this.error(error),
      onFailedStart: (error, plugin) => this.#onFailedStart(error, plugin),
      onFatal: (error) => this.fatalError(error),
    })
    this.#environment = new EnvironmentValues({
      parent: () => (childServer() ? process.ppid : process.pid),
      shutdown: () => this.signal.aborted,
      verbose: () => launcher()?.verbose || (this[SETTINGS]().verbose ?? false),
      state: () => this.state,
      daemonized: () => launcher()?.daemonized ?? false,
      preflight: isPreflight,
      logFile: () => this.#log.status().file,
    })
  }

  /** The settings as the author gave them. */
  protected abstract [SETTINGS](): DaemonOptions
  /** The blanks, as the author filled them in. */
  protected abstract [HOOKS](): DaemonHooks

  // --- life ------------------------------------------------------------------------------------------------

  /**
   * Starts the daemon and runs it until it is stopped. A second call returns the first one's promise. In a
   * child process of the daemon it never returns: there it is where the child begins to serve.
   *
   * @returns how the stop went.
   * @throws SdError `SD_CORE_OPTIONS` for wrong options, `SD_CORE_ENVIRONMENT` when something is missing here,
   * or whatever a `setup` threw; by then everything that had started is torn down again.
   */
  run(): Promise<StopReport> {
    this.#onStart()
    const server = childServer()
    if (server) return server.serve()
    this.#run ??= launcher() ? this.#launch() : this.#begin()
    return this.#run
  }

  /**
   * Stops the daemon gracefully. Idempotent: every call returns the same report. Do not await it inside a hook
   * of the daemon or of a plugin: it resolves after that hook has ended.
   */
  stop(): Promise<StopReport> {
    return this.#stop({ reason: 'stop' })
  }

  /**
   * Does what SIGTERM does, for somebody who has other ways to ask: stops gracefully, the second time at once, and
   * ends the process, where the daemon owns it (option `signals`). During a restart it stops for good.
   *
   * @param by - who asks, for the log.
   * @param hurry - whether it stops at once where it is stopping already. @default true
   */
  terminate(by = 'terminate was called', hurry = true): void {
    if (!hurry && this.signal.aborted && !this.#restart.isPending) return
    // Said by a program, it is meant as it is said.
    this.#stopOrders.note()
    this.#obeyStop('SIGTERM', by)
  }

  /** Whether the daemon could be restarted: known once it runs. */
  get canRestart(): boolean {
    return this.#restart.isPossible
  }

  /**
   * Stops the daemon and starts it anew in its place, once it is known that it would start: a process of its own loads the
   * file and checks the environment first. When that fails, the daemon goes on, and its log says why.
   *
   * @param reason - why, for the log.
   * @returns how the stop went, where the process is not replaced in place.
   * @throws SdError `SD_CORE_RESTART` in a plain shell, where nobody would expect a process to come back, or where nothing
   * could come after; `SD_CORE_PREFLIGHT` when the new code would not start.
   */
  restart(reason = 'restart was called'): Promise<StopReport> {
    if (!this.#restart.isPossible) {
      const message = `Cannot restart (${reason}): the daemon runs in a plain shell. Start it detached or under a supervisor to be able to restart it.`
      return Promise.reject(new SdError('SD_CORE_RESTART', message, { reason }))
    }
    if (this.signal.aborted) return this.#stop({ reason: 'restart' })
    if (!this.#restarting) {
      this.#restarting = this.#checkAndRestart(reason).finally(() => {
        this.#restarting = undefined
      })
      // It has been logged: a program that does not wait for it goes on.
      this.#restarting.catch(() => {})
    }
    return this.#restarting
  }

  /**
   * Stops here when a debugger is attached and asks for it. Without one it does nothing.
   *
   * @param label - what the debugger shows.
   * @returns true to go on, false when the person at the debugger has aborted.
   */
  breakpoint(label?: string): boolean {
    const seat = debugSeat()
    if (!seat.probe) return true
    return passPoint(seat, { name: 'breakpoint', ...(label !== undefined && { label }) })
  }

  /** Ends the sleep before the next iteration. */
  wake(): void {
    this.#life.loop?.wake()
  }

  /** Where the daemon is in its life. */
  get state(): LifecycleState {
    return this.#life.state
  }

  /** Aborted when the daemon begins to stop: hand it to whatever `execute` waits on. */
  get signal(): AbortSignal {
    return this.#life.signal
  }

  /**
   * Gives the daemon the power to replace itself, or another one than {@link restartInPlace} with its defaults,
   * which a daemon has that runs detached or supervised.
   */
  provideRestarter(restarter: Restarter): void {
    this.#restart.provide(restarter)
  }

  // --- plugins ---------------------------------------------------------------------------------------------

  /**
   * Adds a plugin; its service becomes a property of the daemon.
   *
   * @param options - another name for it, and what it is set up after.
   * @example
   * ```ts
   * daemon.use(ini({ file })).use(ini({ file: secret }), { as: 'credentials' })
   * daemon.credentials                                // beside daemon.ini
   * ```
   * @throws SdError `SD_CORE_PLUGIN_NAME` when the name is taken, `SD_CORE_STARTED` once the daemon has started.
   */
  use<const Name extends string, Service, const As extends string = Name>(
    plugin: Plugin<Name, Service>,
    options: UseOptions<As> = {},
  ): this & { readonly [K in As]: Service } {
    const service = this.plugin(plugin, options)
    Object.defineProperty(this, options.as ?? plugin.name, { value: service, enumerable: true })
    return this as this & { readonly [K in As]: Service }
  }

  /**
   * Adds a plugin and returns its service; for class fields.
   *
   * @throws as {@link use}.
   */
  plugin<Service>(plugin: Plugin<string, Service>, options: UseOptions = {}): Service {
    if (typeof plugin?.name !== 'string' || typeof plugin.create !== 'function') {
      const given: unknown = plugin
      const hint = typeof given === 'function' ? ` Call it: use(${given.name || 'plugin'}()).` : ''
      throw new SdError(
        'SD_CORE_PLUGIN',
        `use() takes a plugin, as definePlugin() makes it, not ${describe(given)}.${hint}`,
      )
    }
    if (this.state !== 'created') {
      const message = `The plugin "${plugin.name}" comes too late: the daemon has started. Add plugins before run().`
      throw new SdError('SD_CORE_STARTED', message, { plugin: plugin.name })
    }
    const { name, after } = resolveUseOptions(plugin.name, options)
    const host = createPluginHost(name, this, () => this.#resolved, {
      clock: this.#clock,
      bus: this.#bus,
      log: this.#log,
      plugins: this.#plugins,
      facet: this.#facet,
      isRunRequested: () => this.#run !== undefined,
    })
    const isTaken = (name: string): boolean => name in this || reservedNames.has(name)
    return this.#plugins.add(plugin, host, isTaken, after).service
  }

  // --- command line ----------------------------------------------------------------------------------------

  /**
   * The values of the daemon's own options, from the command line or their defaults. Also before `run()`.
   *
   * @throws SdError `SD_CORE_ARGUMENTS` when one is wrong, or one that is required is missing.
   * @example
   * ```ts
   * const daemon = createDaemon({ name: 'web', options: { port: { type: 'number', default: 8080 } } })
   * daemon.args.port.toFixed()                        // a number
   * ```
   */
  get args(): ArgumentsOf<this['options']> {
    return this.#arguments.values as ArgumentsOf<this['options']>
  }

  /** Has `args` read these words instead of `process.argv`; for launchers, and for tests. */
  readArguments(words: readonly string[]): void {
    this.#arguments.take(words)
  }

  /**
   * Checks the command line, as `run()` does. A daemon without options takes everything.
   *
   * @throws SdError `SD_CORE_ARGUMENTS` with all that is wrong.
   */
  checkArguments(check?: ArgumentCheck): void {
    this.#arguments.check(check)
  }

  /** The lines of a help: what is written, and what it is for. */
  describeArguments(): (readonly [flag: string, purpose: string])[] {
    return this.#arguments.describe()
  }

  // --- events ----------------------------------------------------------------------------------------------

  /**
   * Calls `handler` whenever `event` is dispatched. One that fails stops nobody else: it becomes an `error` event.
   *
   * @returns a handle that removes the listener when called.
   */
  on<K extends EventName>(event: K, handler: Handler<K>, options?: ListenOptions<K>): EventHandle {
    return this.#bus.on(event, handler, options)
  }

  /** Removes a listener. */
  off(handle: EventHandle): void {
    this.#bus.off(handle)
  }

  /** Calls the listeners of an event. Never throws, and does not wait for asynchronous listeners. */
  dispatch<K extends EventName>(event: K, payload: DaemonEvents[K]): void {
    this.#bus.dispatch(event, payload)
  }

  // --- log -------------------------------------------------------------------------------------------------

  /**
   * Writes to the event log: anything, as `console.log` would print it. Never throws. A second argument that is a
   * string is the label.
   *
   * @example
   * ```ts
   * daemon.log('connected', 'database')               // label: database
   * daemon.log('cannot parse', error, { line: 12 })   // label: the daemon's name
   * ```
   *
   * A class that overrides it sees everything that is logged, with its label: also debug messages, errors, failures of listeners,
   * and what children log and print. `super.log(message, label)` writes it, with the level and pid that it has.
   */
  log(message: string, label?: string): void
  log(...values: unknown[]): void
  log(...values: unknown[]): void {
    this.#log.log(values, this.#label)
  }

  /** As `log`, where the daemon is verbose. */
  debug(message: string, label?: string): void
  debug(...values: unknown[]): void
  debug(...values: unknown[]): void {
    if (this.is('verbose')) this.#log.say('debug', values, this.#label)
  }

  /** Logs an error, as `log` does, and emits `error`, with the first argument that is an `Error`. The daemon goes on. */
  error(message: string | Error, label?: string): void
  error(...values: unknown[]): void
  error(...values: unknown[]): void {
    this.#log.report('error', values, this.#label)
  }

  /**
   * Logs an error, as `error` does, after which the daemon cannot go on. Restarts it when it can restart and has
   * been up for 10 s, else ends it with exit code 1.
   */
  fatalError(message: string | Error, label?: string): void
  fatalError(...values: unknown[]): void
  fatalError(...values: unknown[]): void {
    const { message, error: cause } = this.#log.report('fatal', values, this.#label)
    const error =
      cause?.message === message
        ? cause
        : new SdError('SD_CORE_FATAL', formatValues(values.slice(0, 1)), { cause })
    if (isPreflight()) return void concludePreflight(() => Promise.reject(error))
    this.#restartAfter('a fatal error', error, this.#life.uptime)
    void this.#life.stop({ reason: 'fatal', error })
  }

  // --- environment -----------------------------------------------------------------------------------------

  /** What the daemon knows about itself, or a value that was `set`. */
  get<K extends keyof Environment & string>(key: K): Environment[K] {
    return this.#environment.get(key) as Environment[K]
  }

  /** Keeps a value; children do not see it. */
  set<K extends keyof Environment & string>(key: K, value: Environment[K]): void {
    this.#environment.set(key, value)
  }

  /** Whether a value is set to something true. */
  is(flag: keyof Environment & string): boolean {
    return Boolean(this.get(flag))
  }

  /** The daemon's statistics, and every plugin's: what SIGUSR1 writes to the log. */
  inspect(): DaemonStatistics {
    const { rss, heapUsed } = process.memoryUsage()
    const { file, dropped, problem } = this.#log.status()
    return {
      name: this.#label,
      pid: process.pid,
      state: this.state,
      uptime: this.#life.uptime,
      restarts: takeHandedOver().restarts,
      interval: this.#life.loop ? this.#interval.used : this.interval,
      priority: getPriority(),
      user: processUser(),
      loop: this.#life.loop?.statistics() ?? NO_ITERATIONS,
      memory: { rss, heapUsed },
      logFile: { path: file ?? null, dropped, problem: problem ?? null },
      plugins: this.#plugins.inspect(),
    }
  }

  /** What a debugger may do with the daemon as a whole. */
  get #facet(): DebugFacet {
    return {
      processes: () => [
        { pid: process.pid, role: 'daemon', group: this.#label, index: 0, state: this.state },
      ],
      freeze: (pid, since) => {
        // One that is to stop stops: nobody may have to wait for a debugger.
        if (pid === undefined && !this.signal.aborted) this.#clock.freeze(since)
      },
      thaw: (pid, at) => {
        if (pid === undefined) this.#clock.thaw(at)
      },
    }
  }

  /** What a person must do to install this daemon: what its plugins ask for, then its own. */
  async listInstallInstructions(): Promise<string[]> {
    const own = readInstructions(this[SETTINGS]().installInstructions)
    return [...(await this.#plugins.installInstructions()), ...(await own)]
  }

  // --- inside ----------------------------------------------------------------------------------------------

  async #launch(): Promise<StopReport> {
    const { name, logger } = this.#resolved
    const { kinds: plugins, canRecoverCalls } = this.#plugins
    const hasLogger = logger !== undefined
    const findLogProblem = async (): Promise<{ file: string; problem: string } | undefined> => {
      await this.#log.flush()
      const { file, problem } = this.#log.status()
      return problem === undefined ? undefined : { file: file ?? '', problem }
    }
    const logRoom = (): Promise<void> | undefined => this.#log.room()
    await launcher()!.prepare({
      daemon: this,
      name,
      plugins,
      canRecoverCalls,
      hasLogger,
      logRoom,
      findLogProblem,
    })
    return this.#begin()
  }

  async #begin(): Promise<StopReport> {
    if (!launcher() && this.#arguments.asksForHelp) return this.#help()
    if (isPreflight()) return concludePreflight(() => this.#check())
    this.#arguments.check()
    return this.#live()
  }

  /** The process is asked about its options instead of being run. */
  #help(): never {
    const rows = this.#arguments.describe()
    const width = Math.max(...rows.map(([flag]) => flag.length))
    const lines = rows.map(([flag, purpose]) => `  ${flag.padEnd(width)}  ${purpose}`.trimEnd())
    process.stdout.write(`Options of ${this.#label}:\n${lines.join('\n')}\n`)
    process.exit(0)
  }

  /** All of a start that changes nothing. */
  async #check(): Promise<void> {
    this.#options = this.#resolved
    this.#arguments.check()
    await this.#life.check()
  }

  async #live(): Promise<StopReport> {
    // From here on the settings hold still.
    this.#options = this.#resolved
    const { signals, priority, interval } = this.#options
    this.#environment.set('startTime', this.#clock.date())
    if (signals) this.#guardProcess()
    // A process that belongs to somebody else's program is not ours to replace.
    if (signals && !this.#restart.isPossible && canComeBack()) this.#restart.provide(restartInPlace())
    releaseEarlySignals()
    this.signal.addEventListener('abort', () => this.#onOrder(), { once: true })
    this.dispatch('life', { state: 'starting' })
    const leaveTarget = enterDebugTarget(this.#clock)
    const { predecessor } = takeHandedOver()
    if (predecessor !== undefined) await predecessorEnd(predecessor, this.#clock)
    const warning = applyPriority(priority ?? defaultPriority(interval))
    if (warning) this.log(warning)
    const leaveAdopted =
      process.pid === 1 ? watchAdopted(this.#clock, (message) => this.log(message)) : undefined
    this.#hint([...this[HOOKS]().mistakes(), ...this.#plugins.mistakes()])
    const [life] = await Promise.allSettled([this.#life.live()])
    leaveAdopted?.()
    const report = await this.#onStopped(await this.#life.report)
    leaveTarget()
    if (life.status === 'rejected') {
      // The log has told it: Node would tell it once more, at length.
      if (this.#options.signals) endBriefly(life.reason, untoldFailure(life.reason) ?? '')
      throw life.reason
    }
    return report
  }

  /** Tells what is probably not as it was meant. */
  #hint(mistakes: readonly string[]): void {
    for (const mistake of mistakes) this.#log.say('error', [mistake], this.#label)
  }

  async #checkAndRestart(reason: string): Promise<StopReport> {
    const { signal } = this
    try {
      await this.#restart.check({ signal, log: (message) => this.log(message) })
    } catch (thrown) {
      if (signal.aborted) return this.#stop({ reason: 'restart' })
      const error = toError(thrown)
      this.#logFailure('error', error, this.#label)
      throw error
    }
    if (!signal.aborted) {
      this.log(`Restarting: ${reason}`)
      await this.#settle()
    }
    if (!signal.aborted) {
      this.#restart.make(reason, false)
      this.dispatch('restart', { reason })
    }
    return this.#stop({ reason: 'restart' })
  }

  /** Waits for what is under way while everything still works: the stop that follows has that much less time. */
  async #settle(): Promise<void> {
    const { signal } = this
    const began = systemClock.now()
    const limit = this.#resolved.shutdownTimeout / 2
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const timer = systemClock.after(limit, end)
    signal.addEventListener('abort', end, { once: true })
    await this.#plugins.settle(ended)
    timer.cancel()
    signal.removeEventListener('abort', end)
    this.#settledFor = Math.min(limit, systemClock.now() - began)
  }

  async #stop(order: StopOrder): Promise<StopReport> {
    this.#onStart()
    const report = await this.#life.stop(order)
    // A daemon has stopped when its log is closed and its process handlers are gone, too.
    return this.#run?.catch(() => report) ?? report
  }

  /** It is to stop, or to be replaced. */
  #onOrder(): void {
    this.#clock.thaw()
    this.dispatch('life', this.#leaving())
  }

  /** What the end of this life is about. */
  #leaving(): { state: LifeState; reason: string } {
    const { reason } = this.#restart
    if (reason !== undefined) return { state: 'restarting', reason }
    const order = this.#life.order!
    return { state: 'stopping', reason: order.signal ?? order.reason }
  }

  #guardProcess(): void {
    this.#guard = guardProcess({
      signal: (signal) => this.#onSignal(signal),
      uncaught: (error) => this.#onUncaught(error),
      exiting: () => this.#log.flushNow(),
    })
    if (this.#bus.hasListeners('signal')) this.#guard.listenToOthers()
  }

  #onUncaught(error: unknown): void {
    if (isAbortOf(this.signal, error)) return
    // A logger may fail anew each time that it is told of its own failure.
    if (++this.#uncaught <= MOST_UNCAUGHT) this.fatalError(toError(error))
  }

  #onSignal(signal: NodeJS.Signals): void {
    const usual = signalEffects[signal]
    const isStopping = this.signal.aborted
    // Without a launcher a hang-up means that the terminal is gone.
    const effect = usual === 'restart' && !isStopping && !this.#restart.isPossible ? 'stop' : usual
    const notice = new SignalNotice(signal, effect)
    this.dispatch('signal', notice)
    const isReplaced = notice.isPrevented && !(isStopping && usual === 'stop')
    // Also one that is replaced may be delivered twice.
    if (usual === 'stop' && this.#stopOrders.isRepeated()) return
    if (isReplaced) return
    if (usual === 'stop') this.#obeyStop(signal, signal)
    else if (usual === 'restart') this.#onHangUp()
    else if (usual === 'statistics') this.#dumpStatistics()
    else if (usual === 'wake') this.wake()
  }

  #obeyStop(signal: NodeJS.Signals, by: string): void {
    if (!this.signal.aborted) {
      this.log(`${by}: stopping`)
      void this.#life.stop({ reason: 'signal', signal })
    } else if (this.#restart.isPending) {
      this.log(`${by}: stopping instead of restarting`)
      this.#restart.drop()
      this.dispatch('life', { state: 'stopping', reason: by })
    } else if (this.#life.hurried) {
      process.exit(128 + signalNumber(signal))
    } else {
      this.log(`${by}: stopping at once`)
      this.#life.hurry(128 + signalNumber(signal))
    }
  }

  #dumpStatistics(): void {
    try {
      this.log(formatStatistics(this.inspect()))
    } catch (thrown) {
      this.error(toError(thrown))
    }
  }

  #onHangUp(): void {
    // A daemon that waits before it is tried again need not wait any longer.
    if (this.signal.aborted) return this.#restart.hasten()
    if (this.#restart.isPossible) return void this.restart('SIGHUP')
    this.#stopOrders.note()
    this.log('SIGHUP: stopping, because a daemon in a plain shell does not restart')
    void this.#life.stop({ reason: 'signal', signal: 'SIGHUP' })
  }

  #onInit(): void {
    const { predecessor } = takeHandedOver()
    if (predecessor !== undefined) {
      this.dispatch('pidChange', { pid: process.pid, previous: predecessor })
    }
    this.dispatch('init', { pid: process.pid })
  }

  #onStarted(): void {
    const { restarts, reason } = takeHandedOver()
    const again = restarts > 0 ? `, restart ${restarts} because of ${reason}` : ''
    this.log(`Started (${describeInterval(this.#resolved.interval)})${again}`)
    this.#hint(this.#bus.listened().flatMap(describeUnknownEvent))
    this.#scheduleRestart()
    this.dispatch('started', { pid: process.pid })
    this.dispatch('life', { state: 'running' })
  }

  #scheduleRestart(): void {
    this.#restart.schedule(this.#resolved.autoRestartInterval, () => {
      // One that was refused is tried again when the next is due.
      this.restart('the automatic restart is due').catch(() => this.#scheduleRestart())
    })
  }

  #onShutdown(reason: StopReason): void {
    const seat = debugSeat()
    if (seat.probe) passPoint(seat, { name: 'shutdown', facts: { reason } })
    this.dispatch('shutdown', { reason })
  }

  #onFailedStart(error: Error, plugin: string | undefined): void {
    const text = this.#logFailure('fatal', error, plugin ?? this.#label)
    const place = this[SETTINGS]().logger ? 'logger' : this.is('daemonized') ? 'file' : 'stdout'
    noteFailure(error, { text, place })
    // It did not get to run: only what it had shown before counts.
    this.#restartAfter('a failed start', error, 0)
  }

  /** Logs an error; an expected one in two lines, unless the daemon is verbose. @returns the text. */
  #logFailure(level: 'error' | 'fatal', error: Error, label: string): string {
    const isBrief = isExpectedFailure(error) && !this.is('verbose')
    const text = isBrief ? describeFailure(error) : formatValues([error])
    this.#log.report(level, [error], label, text)
    return text
  }

  /** Has the daemon restarted after a failure, if it is worth it. @param uptime - milliseconds. */
  #restartAfter(failure: string, error: Error, uptime: number): void {
    if (!this.#restart.isWorthwhile(uptime) || this.signal.aborted) return
    const reason = `${failure}: ${error.message}`
    this.#restart.make(reason, true)
    this.dispatch('restart', { reason })
  }

  /** @returns the report, with the exit code that it comes to in the end. */
  async #onStopped(report: StopReport): Promise<StopReport> {
    this.#restart.endSchedule()
    for (const { who, what } of report.unfinished) this.error(`${who} ${what}`)
    this.log(`Stopped after ${Math.round(report.duration)} ms (${report.signal ?? report.reason})`)
    await this.#log.close()
    this.#guard?.retire()
    const failure = await this.#replaceProcess(report)
    const ended = failure ? { ...report, error: failure, exitCode: report.exitCode || 1 } : report
    // Here only if the process was not replaced.
    if (report.reason === 'restart') {
      for (const { who, what } of await this.#plugins.cancelRestart()) this.error(`${who} ${what}`)
    }
    this.#guard?.remove()
    this.dispatch('life', { state: 'ended', reason: report.signal ?? report.reason, report: ended })
    if (this.#resolved.signals) this.#endProcess(report.reason, ended.exitCode)
    return { ...report, exitCode: ended.exitCode }
  }

  /** @returns what it failed with. */
  async #replaceProcess(report: StopReport): Promise<Error | undefined> {
    const { reason } = this.#restart
    if (reason === undefined) return undefined
    this.dispatch('life', { state: 'restarting', reason, report })
    try {
      const log = (message: string): void => this.log(message)
      await this.#restart.carryOut({ uptime: this.#life.uptime, log }, isLastDaemon, (retry) =>
        this.dispatch('life', retry ? { state: 'retrying', reason, retry } : { state: 'restarting', reason }),
      )
      return undefined
    } catch (thrown) {
      const error = toError(thrown)
      this.#logFailure('fatal', error, this.#label)
      return error
    }
  }

  #endProcess(reason: StopReason, exitCode: number): void {
    if (exitCode !== 0) process.exitCode = exitCode
    // A program that stops its own daemon may have other plans for its process.
    if (reason !== 'stop') endProcess(exitCode, this.#life.hurried, (message) => this.error(message))
  }

  #createLoop(): Loop {
    const { interval, idleProbability } = this.#resolved
    const hooks = this[HOOKS]()
    this.#interval = { given: this.interval, used: interval }
    return new Loop(this.#clock, () => this.#readInterval(), idleProbability, {
      execute: hooks.execute,
      prepare: () => this.#plugins.prepareIteration(),
      preExecute: (iteration) => this.dispatch('preExecute', { iteration }),
      postExecute: (iteration, duration) => this.dispatch('postExecute', { iteration, duration }),
      idle: (available) => this.dispatch('idle', { available }),
      overrun: (iteration, duration, skipped) => {
        const { used } = this.#interval
        this.#log.say('error', [describeOverrun(iteration, duration, used!, skipped)], this.#label)
        this.dispatch('overrun', { iteration, duration, skipped })
      },
      spinning: () => this.#log.say('error', [SPINNING], this.#label),
    })
  }

  /** The interval as it is now. One that is wrong is told of, and the last right one holds. */
  #readInterval(): number | null {
    const { interval } = this
    if (Object.is(interval, this.#interval.given)) return this.#interval.used
    let used = this.#interval.used
    try {
      used = resolveDaemonOptions(this.constructor.name, { name: this.#label, interval }).interval
    } catch (thrown) {
      this.error(toError(thrown))
    }
    this.#interval = { given: interval, used }
    return used
  }

  /** They are handed on as they are: `promise.catch(daemon.error)`. */
  #bindLogging(): void {
    for (const name of ['log', 'debug', 'error', 'fatalError'] as const) {
      const value = this[name].bind(this)
      if (name === 'log' && this.log === DaemonBase.prototype.log) this.#ownLog = value
      Object.defineProperty(this, name, { value, writable: true, configurable: true })
    }
  }

  #openLog(): ReturnType<typeof createEventLog> {
    const { logFile, logger } = this[SETTINGS]()
    const own = typeof logFile === 'string' ? () => logFile : logFile
    const launched = launcher()
    return createEventLog({
      clock: this.#clock,
      label: this.#label,
      ...(isPreflight()
        ? // Only the process that made this one reads it.
          { logFile: undefined, logger: undefined, foreground: true }
        : {
            logFile: launched ? launched.logFile(this.#label, own) : own,
            logger,
            foreground: !this.is('daemonized'),
          }),
    })
  }

  #onListenerFailure(event: EventName, error: Error): void {
    if (isAbortOf(this.signal, error)) return
    const message = `A listener of "${event}" failed: ${error.message}`
    const failure = new SdError('SD_CORE_LISTENER', message, { event, cause: error })
    // Told of its own failure, a listener of these two would fail again, and so on for ever.
    if (event === 'error' || event === 'log') this.#log.note('error', failure, this.#label)
    else this.error(failure)
  }

  get #label(): string {
    return this[SETTINGS]().name
  }

  get #resolved(): ResolvedDaemonOptions {
    return this.#options ?? resolveDaemonOptions(this.constructor.name, this[SETTINGS]())
  }
}

const SPINNING =
  'execute() is called again and again, because there is no interval and it waits for nothing: the processor is busy with that. Set interval to milliseconds, or wait for something in execute(). Say that it is meant with interval: 0.'

/** A program may have events of its own: it is a guess. */
function describeUnknownEvent(event: string): string[] {
  const meant = findMeant(event, BUILT_IN_EVENTS)
  if (meant === undefined) return []
  return [`There is a listener of "${event}", which is no event of the daemon. Did you mean "${meant}"?`]
}

const NO_ITERATIONS = { iterations: 0, overruns: 0, meanDuration: 0, meanIdle: 0, busy: 0 }

function describeOverrun(iteration: number, duration: number, interval: number, skipped: number): string {
  const slots = `${skipped} ${skipped === 1 ? 'slot' : 'slots'} skipped`
  return duration > interval
    ? `Iteration ${iteration} took ${duration.toFixed(1)} ms, longer than the interval of ${interval} ms: ${slots}`
    : `Iteration ${iteration} began too late, because the process was busy or suspended: ${slots}`
}

function describeInterval(interval: number | null): string {
  if (interval === null) return 'no clock'
  return interval === 0 ? 'continuously' : `every ${interval} ms`
}
