/** Why a daemon stops. */
export type StopReason = 'stop' | 'signal' | 'restart' | 'fatal' | 'failed-start'

/** What `stop()` and `run()` resolve to. */
export interface StopReport {
  readonly reason: StopReason
  /** The signal, where the reason is one. */
  readonly signal?: NodeJS.Signals
  /** The error, after a fatal one. */
  readonly error?: Error
  /** Milliseconds from the order to stop until everything had. */
  readonly duration: number
  /** What did not stop in time: the loop, or a plugin's `drain` or `teardown`, and why. Empty: a clean stop. */
  readonly unfinished: readonly { readonly who: string; readonly what: string }[]
  /** What the process exits with. */
  readonly exitCode: number
}
