import { beOwnOptions, type OwnOptions } from './arguments/own-options.ts'
import { beInstructions, type InstallInstructions } from './install-instructions.ts'
import type { Logger } from './log/logger.ts'
import { type Checks, must, resolveOptions } from './resolve-options.ts'

/** The settings of a daemon. In class style each is a property of the same name. */
export interface DaemonOptions {
  /** Names the daemon in the log, in `ps` and to the tools. Letters, digits, `.`, `_` and `-`. */
  name: string
  /**
   * Milliseconds between the starts of two iterations, fractions allowed; 0: at once again;
   * null: block mode, in which `execute` waits on whatever it likes.
   * @default null
   */
  interval?: number | null
  /** The log's file name; asked again at every 5-minute boundary, so that it rotates by name. */
  logFile?: string | (() => string)
  /** Replaces the built-in log: any object with pino's methods. */
  logger?: Logger
  /** Whether `debug` messages are logged. @default false */
  verbose?: boolean
  /** Milliseconds that a shutdown may take in all. @default 10000 */
  shutdownTimeout?: number
  /** Milliseconds that the `setup` of each plugin may take; 0: no limit. @default 60000 */
  setupTimeout?: number
  /** How likely `idle` fires after an iteration that left no time, from 0 to 1. @default 0.5 */
  idleProbability?: number
  /** Milliseconds between automatic restarts, at least 10 s; 0 switches them off. @default 43200000 (12 h) */
  autoRestartInterval?: number
  /** Nice value, -20 to 19. @default -1 where the interval is above 0 and under 5 s, else unchanged */
  priority?: number | null
  /** Whether `run` handles signals and uncaught errors of this process. @default true */
  signals?: boolean
  /** What a person must do to install this daemon: shown by `-i` and `sd-cli install`, after those of the plugins. */
  installInstructions?: InstallInstructions
  /**
   * The options of the daemon's own command line: `{ port: { type: 'number', default: 8080, describe: '...' } }`. Their values are
   * in `daemon.args`; they are part of the help, and checked, however the daemon is launched.
   * @default {}
   */
  options?: OwnOptions
}

/** One day is 24 of these. */
const HOUR = 3_600_000

/** What holds where the user says nothing. */
export const daemonDefaults = Object.freeze({
  interval: null,
  verbose: false,
  shutdownTimeout: 10_000,
  setupTimeout: 60_000,
  idleProbability: 0.5,
  autoRestartInterval: 12 * HOUR,
  priority: null,
  signals: true,
  installInstructions: [] as InstallInstructions,
  options: Object.freeze({}) as OwnOptions,
})

/** Whether a daemon may have that name: then it can be a part of a file's name, and shown as it is. */
export function isDaemonName(value: unknown): value is string {
  return typeof value === 'string' && /^[\w][\w.-]*$/.test(value)
}

const checks: Checks<DaemonOptions> = {
  name: must.beGiven((value) =>
    isDaemonName(value)
      ? undefined
      : 'a name of letters, digits, ".", "_" and "-" that does not begin with "." or "-"',
  ),
  interval: must.beNullOr(must.beNumber(0, Number.POSITIVE_INFINITY, 'milliseconds')),
  logFile: (value) =>
    typeof value === 'function'
      ? undefined
      : must.beText(value) && 'a file name or a function that returns one',
  logger: (value) => {
    const methods = ['debug', 'info', 'error', 'fatal']
    const missing = methods.filter(
      (method) => typeof (value as Record<string, unknown> | null)?.[method] !== 'function',
    )
    if (missing.length === 0) return undefined
    return `an object with the methods ${methods.join(', ')} (missing: ${missing.join(', ')})`
  },
  verbose: must.beBoolean,
  shutdownTimeout: must.beNumber(0, 24 * HOUR, 'milliseconds'),
  setupTimeout: must.beNumber(0, 24 * HOUR, 'milliseconds'),
  idleProbability: must.beNumber(0, 1),
  autoRestartInterval: (value) =>
    value === 0 ? undefined : must.beNumber(10_000, Number.POSITIVE_INFINITY, 'milliseconds')(value),
  priority: must.beNullOr(must.beInteger(-20, 19)),
  signals: must.beBoolean,
  installInstructions: beInstructions,
  options: beOwnOptions,
}

/** Options with the defaults filled in. */
export type ResolvedDaemonOptions = ReturnType<typeof resolveDaemonOptions>

/** @throws SdError `SD_CORE_OPTIONS` naming the option, its value, and what to write instead. */
export function resolveDaemonOptions(
  owner: string,
  given: DaemonOptions,
): DaemonOptions & Required<Pick<DaemonOptions, keyof typeof daemonDefaults>> {
  return resolveOptions(owner, 'SD_CORE_OPTIONS', given, daemonDefaults, checks)
}

/** Names that belong to the daemon in one of its two styles, so that no plugin takes them in either. */
export const reservedNames: ReadonlySet<string> = new Set([
  ...Object.keys(checks),
  ...['checkEnvironment', 'setup', 'execute', 'teardown'],
  // A daemon with a `then` would be taken for a promise, and `await daemon` would call the plugin.
  'then',
])
