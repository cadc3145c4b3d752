import type { StopReport } from './stop-report.ts'

/**
 * Where a daemon is in its life, as an operator sees it: `restarting` lasts from the order until the next life begins,
 * `retrying` is the pause before it is tried again after a failure, `ended` is final.
 */
export type LifeState = 'starting' | 'running' | 'stopping' | 'restarting' | 'retrying' | 'ended'

/** The payload of the event `life`. */
export interface LifeChange {
  readonly state: LifeState
  /** Why, in words, where it stops, restarts, or waits for the next try. */
  readonly reason?: string
  /** How this life has ended: when it has, in `ended` and before it is replaced. */
  readonly report?: StopReport
  /** In `retrying`: what the next try waits for. */
  readonly retry?: RetryPause
}

/** The pause before a daemon is tried again. */
export interface RetryPause {
  /** How often it has failed of late. */
  readonly failures: number
  /** After how many failures it is given up. */
  readonly limit: number
  /** Milliseconds until it is tried again. */
  readonly delay: number
}
