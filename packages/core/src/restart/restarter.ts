import type { Awaitable } from '../json.ts'
import type { RetryPause } from '../life-change.ts'

/** What a restarter is told, and may use. */
export interface RestartOrder {
  /** Why, in words. */
  readonly reason: string
  /** Whether the daemon has failed, and so may fail again. */
  readonly failed: boolean
  /** Milliseconds that the daemon was up, in this process. */
  readonly uptime: number
  /** Writes to the daemon's log. */
  log(message: string): void
  /**
   * Waits, with the daemon stopped: for instance before it is tried again after a failure. A HUP ends it. 0: only until all
   * signals that have come so far are known, which is to be the last thing before the process is replaced.
   *
   * @param retry - what is told of the pause, where a failure is the reason for it.
   * @returns false when the daemon was told to stop for good meanwhile: then it must not be replaced.
   */
  pause(milliseconds: number, retry?: RetryPause): Promise<boolean>
}

/** What a restarter is told when it is asked whether a restart would succeed. */
export interface RestartCheck {
  /** Aborted when the daemon stops meanwhile. */
  readonly signal: AbortSignal
  /** Writes to the daemon's log. */
  log(message: string): void
}

/**
 * What gives a daemon the power to replace itself. Without one it runs in a plain shell, and a restart is
 * refused.
 */
export interface Restarter {
  /**
   * Milliseconds that the daemon had been up before it came to this process. One that has shown that it can
   * live is restarted also when it fails at its start. @default 0
   */
  readonly upBefore?: number
  /**
   * Called before a daemon that works is stopped for a restart. When it rejects, the daemon goes on, and the restart fails with
   * that error.
   */
  check?(check: RestartCheck): Awaitable<void>
  /** Called when the daemon has stopped. Replaces the process, or rejects. */
  restart(order: RestartOrder): Awaitable<void>
}
