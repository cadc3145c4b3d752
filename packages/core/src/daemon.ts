import type { OwnOptions } from './arguments/own-options.ts'
import { DaemonBase } from './daemon-base.ts'
import { type DaemonHooks, HOOKS, SETTINGS } from './daemon-hooks.ts'
import type { InstallInstructions } from './install-instructions.ts'
import type { Awaitable } from './json.ts'
import type { Logger } from './log/logger.ts'
import { describeMisspelt, listMembers } from './misspelt-members.ts'
import { type DaemonOptions, daemonDefaults } from './options.ts'
import { describe } from './resolve-options.ts'
import { SdError } from './sd-error.ts'
import type { StopReason } from './stop-report.ts'

/**
 * A daemon in class style: extend it and fill in the blanks.
 *
 * @example
 * ```ts
 * export default class Poller extends Daemon {
 *   override interval = 3000
 *   override logFile() { return 'logs/poller.log' }
 *   override async execute() { this.log('polling') }
 * }
 * await new Poller().run()
 * ```
 */
export abstract class Daemon extends DaemonBase {
  /** Names the daemon in the log, in `ps` and to the tools. @default the class's name, in kebab-case */
  name: string = kebabCase(this.constructor.name)
  /** See {@link DaemonOptions.interval}. @default null */
  interval: number | null = daemonDefaults.interval
  /** See {@link DaemonOptions.logger}. */
  logger: Logger | undefined
  /** See {@link DaemonOptions.verbose}. @default false */
  verbose: boolean = daemonDefaults.verbose
  /** See {@link DaemonOptions.shutdownTimeout}. @default 10000 */
  shutdownTimeout: number = daemonDefaults.shutdownTimeout
  /** See {@link DaemonOptions.setupTimeout}. @default 60000 */
  setupTimeout: number = daemonDefaults.setupTimeout
  /** See {@link DaemonOptions.idleProbability}. @default 0.5 */
  idleProbability: number = daemonDefaults.idleProbability
  /** See {@link DaemonOptions.autoRestartInterval}. @default 43200000 (12 h) */
  autoRestartInterval: number = daemonDefaults.autoRestartInterval
  /** See {@link DaemonOptions.priority}. @default null: by the interval */
  priority: number | null = daemonDefaults.priority
  /** See {@link DaemonOptions.signals}. @default true */
  signals: boolean = daemonDefaults.signals
  /** See {@link DaemonOptions.installInstructions}. */
  installInstructions: InstallInstructions = daemonDefaults.installInstructions
  /**
   * See {@link DaemonOptions.options}. With `as const` their types are known: `override options = { port: { type: 'number' } } as const`.
   * Declare them before what uses `this.args`.
   * @default {}
   */
  options: OwnOptions = daemonDefaults.options

  /** @throws SdError `SD_CORE_OPTIONS` when it is given options: in class style they are properties. */
  constructor(...none: []) {
    super()
    const [given] = none as unknown[]
    if (given === undefined) return
    const message = `${new.target.name}: super() takes no options (${describe(given)}). Set each as a property of the class: interval = 1000.`
    throw new SdError('SD_CORE_OPTIONS', message, { option: undefined })
  }

  /** The log's file name; asked again at every 5-minute boundary. */
  logFile?(): string
  /** What is missing for this daemon to work, in words a person can act on. */
  checkEnvironment?(): Awaitable<readonly string[]>
  /** Once, before the first iteration. */
  setup?(): Awaitable<void>
  /** Every interval. Without it the daemon only waits for events. What it throws is a fatal error. */
  execute?(): Awaitable<void>
  /** Once, after the loop has ended and the plugins have drained. */
  teardown?(reason: StopReason): Awaitable<void>

  protected override [SETTINGS](): DaemonOptions {
    const logFile = this.logFile ? () => this.logFile!() : undefined
    return {
      name: this.name,
      interval: this.interval,
      verbose: this.verbose,
      shutdownTimeout: this.shutdownTimeout,
      setupTimeout: this.setupTimeout,
      idleProbability: this.idleProbability,
      autoRestartInterval: this.autoRestartInterval,
      priority: this.priority,
      signals: this.signals,
      installInstructions: this.installInstructions,
      options: this.options,
      ...(logFile && { logFile }),
      ...(this.logger && { logger: this.logger }),
    }
  }

  protected override [HOOKS](): DaemonHooks {
    return {
      checkEnvironment: () => this.checkEnvironment?.(),
      setup: () => this.setup?.(),
      execute: this.execute && (() => this.execute!()),
      teardown: (reason) => this.teardown?.(reason),
      mistakes: () => describeMisspelt('The daemon', listMembers(this, Daemon.prototype), this.#blanks()),
    }
  }

  /** The members that are as they come. */
  #blanks(): string[] {
    const settings = Object.entries(daemonDefaults)
      .filter(([name, value]) => (this as unknown as Record<string, unknown>)[name] === value)
      .map(([name]) => name)
    const hooks = (['logFile', 'checkEnvironment', 'setup', 'execute', 'teardown'] as const).filter(
      (name) => this[name] === undefined,
    )
    return [...settings, ...hooks]
  }
}

/** `PrimeNumbers` as `prime-numbers`. */
function kebabCase(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
}
