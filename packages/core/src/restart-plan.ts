import type { Clock, Timer } from './clock.ts'
import type { Restarter } from './restarter.ts'

/** A daemon that fails within this time of its start would fail again: it is not restarted. Milliseconds. */
const LEAST_LIFE = 10_000

/** Whether, and why, a daemon is replaced when it has stopped. */
export class RestartPlan {
  #restarter: Restarter | undefined
  #reason: string | undefined
  #timer: Timer | undefined

  provide(restarter: Restarter): void {
    this.#restarter = restarter
  }

  /** Whether there is anybody who could restart the daemon. */
  get isPossible(): boolean {
    return this.#restarter !== undefined
  }

  /** Whether a daemon that has been up for `uptime` milliseconds is worth a new try after a fatal error. */
  isWorthwhile(uptime: number): boolean {
    return this.isPossible && uptime >= LEAST_LIFE
  }

  /** Whether the daemon is stopping in order to be replaced. */
  get isPending(): boolean {
    return this.#reason !== undefined
  }

  /** Has the daemon replaced when it has stopped. */
  make(reason: string): void {
    this.#reason = reason
  }

  drop(): void {
    this.#reason = undefined
  }

  /** Calls `restart` after `delay` milliseconds (0: never), if a restart is possible at all. */
  schedule(clock: Clock, delay: number, restart: () => void): void {
    if (this.isPossible && delay > 0) this.#timer = clock.after(delay, restart, false)
  }

  endSchedule(): void {
    this.#timer?.cancel()
  }

  /** Replaces the daemon, if that is the plan. @throws what the restarter throws. */
  async carryOut(): Promise<void> {
    const reason = this.#reason
    this.#reason = undefined
    if (reason !== undefined) await this.#restarter?.restart(reason)
  }
}
