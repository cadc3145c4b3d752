import type { DaemonBase } from './daemon-base.ts'
import type { Awaitable } from './json.ts'

/** What a launcher is told of a daemon that is about to start. */
export interface LaunchedDaemon {
  readonly daemon: DaemonBase
  /** The daemon's name. */
  readonly name: string
  /** The plugins that its program has added, by their own names. */
  readonly plugins: readonly string[]
  /** Whether one of them can take up calls that an earlier life of the daemon has left unfinished. */
  readonly canRecoverCalls: boolean
  /** Whether the program has a logger of its own in the place of the log. */
  readonly hasLogger: boolean
  /**
   * Waits until the log's file has taken, or refused, what was logged so far.
   *
   * @returns why it cannot be written; undefined when all is well.
   */
  findLogProblem(): Promise<{ readonly file: string; readonly problem: string } | undefined>
  /** Resolves when the log has room again for a writer that can wait; undefined where it has. */
  logRoom(): Promise<void> | undefined
}

/**
 * Whoever runs a daemon's file in its place: a command line, for instance. It decides what the file leaves open,
 * and has its say before the daemon starts, also where the file calls `run()` itself. It is kept on a global
 * symbol, because the file may come with its own copy of this package. Child processes have none.
 */
export interface Launcher {
  /** Node's arguments, without its own flags, that bring this process about again: for restarts. */
  readonly command: readonly string[]
  /** Whether the process runs detached from any terminal. */
  readonly daemonized: boolean
  /** Whether `debug` messages are logged, whatever the daemon's options say. */
  readonly verbose: boolean
  /** Whether the daemon is only asked about itself, and does not start. @default false */
  readonly describesOnly?: boolean
  /** The log's file, which counts more than what the daemon says (`own`). */
  logFile(name: string, own: (() => string) | undefined): (() => string) | undefined
  /** Called by `run()` before anything else. What it throws, `run()` rejects with. */
  prepare(launched: LaunchedDaemon): Awaitable<void>
  /** Called when a restart is about to replace the process: what belongs to the process stays. */
  beforeReplace?(): void
}

const KEY: unique symbol = Symbol.for('sd.launcher') as never

/** The launcher of this process, if it has one. */
export function launcher(): Launcher | undefined {
  return (globalThis as { [KEY]?: Launcher })[KEY]
}

/** Makes this process one that is launched: `run()` asks the launcher first. */
export function installLauncher(installed: Launcher): void {
  Object.assign(globalThis, { [KEY]: installed })
}
