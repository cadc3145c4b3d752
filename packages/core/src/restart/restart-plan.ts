import type { Clock, Timer } from '../clock.ts'
import type { RetryPause } from '../life-change.ts'
import type { RestartCheck, Restarter, RestartOrder } from './restarter.ts'

/** A daemon that fails within this time of its start would fail again: it is not restarted. Milliseconds. */
const LEAST_LIFE = 10_000

/** Whether, and why, a daemon is replaced when it has stopped. */
export class RestartPlan {
  readonly #clock: Clock
  #restarter: Restarter | undefined
  #plan: { readonly reason: string; readonly failed: boolean } | undefined
  #timer: Timer | undefined
  /** Ends the pause that is under way. */
  #endPause: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  provide(restarter: Restarter): void {
    this.#restarter = restarter
  }

  /** Whether there is anybody who could restart the daemon. */
  get isPossible(): boolean {
    return this.#restarter !== undefined
  }

  /**
   * Whether a daemon is worth a new try after a failure.
   *
   * @param uptime - milliseconds that it has run; 0 where it did not even start.
   */
  isWorthwhile(uptime: number): boolean {
    return this.isPossible && uptime + (this.#restarter?.upBefore ?? 0) >= LEAST_LIFE
  }

  /** Whether the daemon is stopping in order to be replaced. */
  get isPending(): boolean {
    return this.#plan !== undefined
  }

  /** Resolves when nothing is known that a restart would fail of. @throws what the restarter has found. */
  async check(check: RestartCheck): Promise<void> {
    await this.#restarter?.check?.(check)
  }

  /** Why it is to be replaced, in words; undefined where it is not. */
  get reason(): string | undefined {
    return this.#plan?.reason
  }

  /** Has the daemon replaced when it has stopped. @param failed - whether a failure is the reason. */
  make(reason: string, failed: boolean): void {
    this.#plan = { reason, failed }
  }

  drop(): void {
    this.#plan = undefined
    this.#endPause?.()
  }

  /** Ends a pause before the next try. */
  hasten(): void {
    this.#endPause?.()
  }

  /** Calls `restart` after `delay` milliseconds (0: never), if a restart is possible at all. */
  schedule(delay: number, restart: () => void): void {
    if (this.isPossible && delay > 0) this.#timer = this.#clock.after(delay, restart, false)
  }

  endSchedule(): void {
    this.#timer?.cancel()
  }

  /**
   * Replaces the daemon, if that is the plan.
   *
   * @param isAlone - whether no other daemon lives in this process, which is replaced as a whole.
   * @param onRetry - told when a pause after a failure begins; with undefined when it is over.
   * @throws what the restarter throws.
   */
  async carryOut(
    { uptime, log }: Pick<RestartOrder, 'uptime' | 'log'>,
    isAlone: () => boolean,
    onRetry: (retry: RetryPause | undefined) => void,
  ): Promise<void> {
    if (!this.#plan) return
    const pause = async (milliseconds: number, retry?: RetryPause): Promise<boolean> => {
      if (milliseconds === 0) return this.#hearSignals()
      if (retry) onRetry(retry)
      const goesOn = await this.#pause(milliseconds)
      if (retry && goesOn) onRetry(undefined)
      return goesOn
    }
    if (!isAlone()) log('Waits with the restart until the other daemons of this process have stopped.')
    while (!isAlone()) if (!(await pause(LOOK_AGAIN))) return
    await this.#restarter?.restart({ ...this.#plan, uptime, log, pause })
    this.#plan = undefined
  }

  /** Node hears of signals when it looks for what has come in, and immediates are called behind that: the second one surely. */
  async #hearSignals(): Promise<boolean> {
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
    return this.isPending
  }

  #pause(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        this.#endPause = undefined
        resolve(this.isPending)
      }
      const timer = this.#clock.after(milliseconds, end)
      this.#endPause = end
    })
  }
}

/** Milliseconds. */
const LOOK_AGAIN = 20
