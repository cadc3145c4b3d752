import type { Awaitable } from './json.ts'

/**
 * The seam through which a launcher (the command line) gives a daemon the power to replace itself. Without
 * one the daemon runs in a plain shell, and a restart is refused.
 */
export interface Restarter {
  /**
   * Called when the daemon has stopped. Replaces the process, or rejects.
   *
   * @param reason - why, in words.
   */
  restart(reason: string): Awaitable<void>
}
