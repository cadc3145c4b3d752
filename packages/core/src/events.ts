import type { ConsoleCommand } from './debug/console-command.ts'
import type { Awaitable, Json } from './json.ts'
import type { LifeChange } from './life-change.ts'
import type { LogRecord } from './log/log-record.ts'
import type { StopReason } from './stop-report.ts'

/**
 * The events of a daemon and their payloads. Add your own by declaration merging:
 *
 * @example
 * ```ts
 * declare module '@sd/core' {
 *   interface DaemonEvents { 'order:placed': { id: number } }
 * }
 * daemon.on('order:placed', ({ id }) => daemon.log(`order ${id}`))
 * daemon.dispatch('order:placed', { id: 7 })
 * ```
 */
export interface DaemonEvents {
  /** All plugins are set up; the daemon's own `setup` comes next. */
  init: { readonly pid: number }
  /** The start is complete, the daemon's own `setup` included; the loop comes next. */
  started: { readonly pid: number }
  /** An iteration begins. `iteration` counts from 1. */
  preExecute: { readonly iteration: number }
  /** An iteration has ended, after `duration` milliseconds. */
  postExecute: { readonly iteration: number; readonly duration: number }
  /** There is time for housekeeping: `available` milliseconds, 0 where the loop has no clock. */
  idle: { readonly available: number }
  /** An iteration took longer than the interval, and `skipped` slots were left out. */
  overrun: { readonly iteration: number; readonly duration: number; readonly skipped: number }
  /** A child process was started. */
  fork: { readonly pid: number; readonly group: string; readonly index: number }
  /** A child process has ended and was reaped. */
  reap: {
    readonly pid: number
    readonly group: string
    readonly index: number
    readonly code: number | null
    readonly signal: NodeJS.Signals | null
  }
  /** The daemon goes on under another process id. */
  pidChange: { readonly pid: number; readonly previous: number }
  /** A signal that the daemon itself has no use for. */
  signal: { readonly signal: NodeJS.Signals; readonly number: number }
  /** Something failed and the daemon goes on. */
  error: { readonly message: string; readonly label: string; readonly error?: Error }
  /** A record was written to the log. */
  log: LogRecord
  /** The daemon is about to replace itself. */
  restart: { readonly reason: string }
  /** The daemon's life has come to another state: what an operator sees of it from outside. */
  life: LifeChange
  /** The loop has ended; plugins drain next. */
  shutdown: { readonly reason: StopReason }
  /** A plugin's `share()` has a new answer. */
  share: { readonly plugin: string }
  /**
   * A control socket is about to open: plugins can add methods to it, whoever made it. `method` returns what removes
   * it again.
   */
  control: {
    readonly method: (
      name: string,
      handler: (params: Readonly<Record<string, Json | undefined>>) => Awaitable<Json | undefined>,
    ) => () => void
  }
  /** There is a debug console: plugins can add commands to it. `command` returns what removes it again. */
  console: { readonly command: (command: ConsoleCommand) => () => void }
}

/** The events that a daemon dispatches itself. */
export const BUILT_IN_EVENTS: readonly (keyof DaemonEvents)[] = [
  ...([
    'init',
    'started',
    'preExecute',
    'postExecute',
    'idle',
    'overrun',
    'fork',
    'reap',
    'pidChange',
  ] as const),
  ...(['signal', 'error', 'log', 'restart', 'life', 'shutdown', 'share', 'control', 'console'] as const),
]
