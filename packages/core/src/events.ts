import type { ConsoleCommand } from './debug/console-command.ts'
import type { Awaitable, Json } from './json.ts'
import type { LifeChange } from './life-change.ts'
import type { LogRecord } from './log/log-record.ts'
import type { StopReason } from './stop-report.ts'

/** What a signal does by default: ends the daemon, restarts it, writes its statistics to the log, or ends the loop's sleep. */
export type SignalEffect = 'stop' | 'restart' | 'statistics' | 'wake'

/** A signal that the process was sent. */
export interface SignalEvent {
  readonly signal: NodeJS.Signals
  readonly number: number
  /** What the daemon does next; undefined: nothing. In a plain shell HUP stops, because nothing could restart it. */
  readonly default: SignalEffect | undefined
  /**
   * Keeps the daemon from doing it. To be called before the listener returns or awaits; that of a listener that throws does not
   * count. A daemon that stops already cannot be kept from stopping at once.
   */
  readonly preventDefault: () => void
}

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
  /** The process was sent a signal, and nothing was done about it yet. */
  signal: SignalEvent
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
