import type { Clock } from './clock.ts'
import type { Deadline } from './deadline.ts'
import type { DebugFacet } from './debug/debug-facet.ts'
import type { DaemonEvents, EventHandle, EventName, Handler, ListenOptions } from './event-bus.ts'
import type { InstallInstructions } from './install-instructions.ts'
import type { Awaitable, Json } from './json.ts'
import type { LogLevel, LogRecord } from './log/log-record.ts'
import { type Checks, must, resolveOptions } from './resolve-options.ts'
import { SdError } from './sd-error.ts'
import type { StopReason } from './stop-report.ts'

/**
 * What a plugin may use of its daemon. `name`, `interval` and the like may still change until the daemon
 * starts, so read them in `setup` or later.
 */
export interface PluginHost {
  /** The daemon itself: one object per daemon, good as a key of a WeakMap. */
  readonly daemon: object
  /** The daemon's name. */
  readonly name: string
  /** The name under which the daemon uses this plugin: its own, or that of `use(plugin, { as })`. */
  readonly plugin: string
  /** Milliseconds between iterations; 0: continuous; null: block mode. */
  readonly interval: number | null
  /**
   * Where time comes from. It stands still while a debugger holds the daemon, and so do its timers: what other
   * processes must understand is told by `systemTime(clock)`.
   */
  readonly clock: Clock
  /** The daemon's nice value. */
  readonly priority: number
  /** Aborted when the daemon begins to stop. */
  readonly signal: AbortSignal
  /** Whether `run()` has been called: before that, and in a child process, no plugin is ever set up. */
  readonly runRequested: boolean
  /** Writes to the daemon's log, as the daemon's own `log` does; `label` is the plugin's name unless given. */
  log(message: string, label?: string): void
  log(...values: unknown[]): void
  /** As `log`, when the daemon is verbose. */
  debug(message: string, label?: string): void
  debug(...values: unknown[]): void
  /** Logs an error and emits `error`. */
  error(message: string | Error, label?: string): void
  error(...values: unknown[]): void
  /** Logs, then restarts or ends the daemon with exit code 1. */
  fatalError(message: string | Error, label?: string): void
  fatalError(...values: unknown[]): void
  /** Writes a finished record, for instance one that a child process made. */
  record(record: Omit<LogRecord, 'time' | 'level'> & { time?: Date; level?: LogLevel }): void
  /** As on the daemon. */
  on<K extends EventName>(event: K, handler: Handler<K>, options?: ListenOptions<K>): EventHandle
  /** As on the daemon. */
  off(handle: EventHandle): void
  /** As on the daemon. */
  dispatch<K extends EventName>(event: K, payload: DaemonEvents[K]): void
  /** Whether anybody listens: spares the making of a payload. */
  hasListeners(event: EventName): boolean
  /** What the plugins of this daemon share with worker processes, by plugin name. */
  shares(): Readonly<Record<string, Json>>
  /** Tells that this plugin's `share()` has a new answer. */
  shareChanged(): void
  /** What the plugins of this daemon let a debugger see and do, by plugin name; `daemon` is the daemon's own. */
  facets(): Readonly<Record<string, DebugFacet>>
}

/** What a plugin's factory returns: its service, and whichever hooks it needs. */
export interface PluginInstance<Service> {
  /** What users get as `daemon.<name>`. */
  service: Service
  /** What is missing for this plugin to work, in words the user can act on. An empty list: all is well. */
  checkEnvironment?(): Awaitable<readonly string[]>
  /** Opens what the plugin needs. A failure ends the start and unwinds what had started. */
  setup?(): Awaitable<void>
  /**
   * Milliseconds that `setup` may take; 0: no limit. For a plugin that limits its own waiting.
   * @default the daemon's `setupTimeout`
   */
  setupTimeout?: number
  /** Names of plugins whose `setup` comes first, where the daemon uses them. */
  after?: readonly string[]
  /**
   * Awaited before each iteration, for all plugins at the same time; `execute` does not begin when the daemon
   * is told to stop meanwhile. A failure is fatal. Return a promise only where there is something to wait for:
   * it is called before every iteration.
   */
  beforeExecute?(): Awaitable<void>
  /**
   * Resolves when what is under way at this moment has finished. Nothing is refused meanwhile, and more may begin. Called before a
   * daemon that works is stopped for a restart, so that what takes long does not keep its ports closed; not waited for longer than
   * half of `shutdownTimeout`.
   */
  settle?(): Awaitable<void>
  /**
   * Takes no more work and finishes what runs, until `deadline`. All plugins drain at the same time. Called
   * only where `setup` had succeeded.
   *
   * @param loopEnd - resolves when no iteration runs any more. Usually it has when `drain` is called; an
   * iteration that waits for what a plugin has yet to finish ends only while the plugins drain.
   * @param reason - why the daemon stops.
   */
  drain?(deadline: Deadline, loopEnd: Promise<void>, reason: StopReason): Awaitable<void>
  /** Closes everything, in reverse order of `setup`. Called at most once, also after a failed start. */
  teardown?(reason: StopReason): Awaitable<void>
  /**
   * Gives back what `teardown` has kept for the next life of a daemon that is restarted: the process is not replaced,
   * because the daemon was told to stop instead, for instance. Called last.
   */
  cancelRestart?(): Awaitable<void>
  /** A picture of the plugin's state for the statistics dump and the consoles. */
  inspect?(): Json
  /** What worker processes may read with `this.daemon('<name>')`. */
  share?(): Json
  /** What a debugger may see and do. */
  readonly debug?: DebugFacet
  /** What a person must do so that this plugin works; shown with the daemon's own instructions. */
  installInstructions?: InstallInstructions
  /** Whether it takes up calls that an earlier life of the daemon has left unfinished, where `recoverWorkers` is set. */
  canRecoverCalls?: boolean
}

/** A plugin, made by {@link definePlugin}: a name, and how to create an instance for one daemon. */
export interface Plugin<Name extends string = string, Service = unknown> {
  readonly name: Name
  /** Creates the instance. Does no I/O: that belongs in `setup`. */
  create(host: PluginHost): PluginInstance<Service>
}

/**
 * Makes a plugin.
 *
 * @param name - unique within a daemon; the service appears as `daemon.<name>`.
 * @param create - called once per daemon, does no I/O.
 * @throws SdError `SD_CORE_PLUGIN_NAME` when the name cannot be a property name.
 * @example
 * ```ts
 * export const greeter = () =>
 *   definePlugin('greeter', (host) => ({ service: { hello: (who: string) => host.log(`hello ${who}`) } }))
 * ```
 */
export function definePlugin<const Name extends string, Service>(
  name: Name,
  create: (host: PluginHost) => PluginInstance<Service>,
): Plugin<Name, Service> {
  checkPluginName(name)
  return Object.freeze({ name, create })
}

/** How a daemon uses a plugin. */
export interface UseOptions<As extends string = string> {
  /** The name of the property, and of the plugin in logs and statistics: for a second one of its kind. @default the plugin's own */
  as?: As
  /** Names of plugins that are set up before it. @default [] */
  after?: readonly string[]
}

const useChecks: Checks<UseOptions> = { as: must.beAnything, after: must.beTexts }

/** @throws SdError `SD_CORE_PLUGIN` for a wrong option, `SD_CORE_PLUGIN_NAME` for a name that cannot be a property name. */
export function resolveUseOptions(
  plugin: string,
  given: UseOptions,
): { name: string; after: readonly string[] } {
  const { as = plugin, after } = resolveOptions('use', 'SD_CORE_PLUGIN', given, { after: [] }, useChecks)
  checkPluginName(as)
  return { name: as, after }
}

function checkPluginName(name: unknown): void {
  if (typeof name === 'string' && /^[A-Za-z_$][\w$]*$/.test(name)) return
  const message = `A plugin's name must be a JavaScript identifier (it becomes a property of the daemon), not ${JSON.stringify(name)}.`
  throw new SdError('SD_CORE_PLUGIN_NAME', message, { plugin: name })
}
