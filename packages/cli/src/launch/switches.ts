import { resolve } from 'node:path'

/** How a daemon is to be launched. */
export interface LaunchSwitches {
  /** Where the process id is written. */
  readonly pidFile?: string
  /** Where the log goes, whatever the daemon says. */
  readonly log?: string
  /** Whether `debug` messages are logged. */
  readonly verbose: boolean
  readonly recoverWorkers: boolean
  readonly debugWorkers: boolean
  /** Whether the daemon gets a control socket. */
  readonly control: boolean
  /** Whether this process has been detached. */
  readonly detached: boolean
}

/** What yargs and `util.parseArgs` have in common. */
interface SwitchOption {
  readonly type: 'boolean' | 'string'
  readonly alias?: string
  readonly describe: string
  readonly hidden?: boolean
  readonly default?: boolean
  readonly requiresArg?: boolean
}

/** The switches that every launched daemon has: those of `run` and `start`, and of a daemon's own file. */
export const launchOptions = {
  'pid-file': {
    type: 'string',
    alias: 'p',
    requiresArg: true,
    describe: 'Write the process id to this file',
  },
  log: { type: 'string', requiresArg: true, describe: 'Log to this file, whatever the daemon says' },
  verbose: { type: 'boolean', default: false, describe: 'Log debug messages, and failures in full' },
  recoverworkers: {
    type: 'boolean',
    default: false,
    describe: 'Take up calls that the last run has left unfinished',
  },
  debugworkers: {
    type: 'boolean',
    default: false,
    describe: 'Debug the daemon and its workers in this terminal',
  },
  control: { type: 'boolean', default: true, describe: 'Open a control socket (--no-control: none)' },
  detached: {
    type: 'boolean',
    default: false,
    hidden: true,
    describe: 'Run as the process that was detached',
  },
} as const satisfies Record<string, SwitchOption>

/** What was given, by the names of `launchOptions`. */
export interface GivenSwitches {
  readonly 'pid-file'?: string | undefined
  readonly log?: string | undefined
  readonly verbose?: boolean | undefined
  readonly recoverworkers?: boolean | undefined
  readonly debugworkers?: boolean | undefined
  readonly control?: boolean | undefined
  readonly detached?: boolean | undefined
}

/** Files are meant from where the command is called, which need not be where the daemon runs. */
export function readSwitches(given: GivenSwitches): LaunchSwitches {
  return {
    ...(given['pid-file'] && { pidFile: resolve(given['pid-file']) }),
    ...(given.log && { log: resolve(given.log) }),
    verbose: given.verbose ?? false,
    recoverWorkers: given.recoverworkers ?? false,
    debugWorkers: given.debugworkers ?? false,
    control: given.control ?? true,
    detached: given.detached ?? false,
  }
}

/** The same as words of a command line. */
export function formatSwitches(switches: LaunchSwitches): string[] {
  const { pidFile, log, verbose, recoverWorkers, debugWorkers, control, detached } = switches
  return [
    detached && '--detached',
    pidFile !== undefined && `--pid-file=${pidFile}`,
    log !== undefined && `--log=${log}`,
    verbose && '--verbose',
    recoverWorkers && '--recoverworkers',
    debugWorkers && '--debugworkers',
    !control && '--no-control',
  ].filter((word) => word !== false)
}
