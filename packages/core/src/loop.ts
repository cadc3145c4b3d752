import type { Clock, Timer } from './clock.ts'
import { Ring } from './ring.ts'
import { nextSlot } from './schedule.ts'

/** What the loop calls back. */
export interface LoopHooks {
  /** The work of one iteration; undefined where the daemon has none and only waits. */
  readonly execute: (() => unknown) | undefined
  /** What must be done before an iteration may begin; a promise only where there is something to wait for. */
  prepare(): Promise<unknown> | undefined
  preExecute(iteration: number): void
  postExecute(iteration: number, duration: number): void
  /** There is time: `available` milliseconds, 0 without a clock. */
  idle(available: number): void
  overrun(iteration: number, duration: number, skipped: number): void
}

/** What the loop has measured. */
export interface LoopStatistics {
  /** Iterations so far. */
  readonly iterations: number
  /** Iterations that took longer than the interval. */
  readonly overruns: number
  /** Trimmed mean of the last durations, milliseconds. */
  readonly meanDuration: number
  /** Trimmed mean of the time left after them, milliseconds. */
  readonly meanIdle: number
  /** The share of time spent in iterations, from 0 to 1, over the last ones. */
  readonly busy: number
}

/** What `#iterate` answers where the loop was stopped before the iteration could begin. */
const NOT_BEGUN = undefined

/** How many iterations the statistics look back on. */
const KEPT_ITERATIONS = 256

/** Calls `execute` by the clock, again and again, or whenever it is done waiting. Iterations never overlap. */
export class Loop {
  readonly #clock: Clock
  readonly #interval: number | null
  readonly #idleProbability: number
  readonly #hooks: LoopHooks
  readonly #durations = new Ring(KEPT_ITERATIONS)
  readonly #idles = new Ring(KEPT_ITERATIONS)
  #overruns = 0
  #stopping = false
  #endSleep: (() => void) | undefined

  /**
   * @param interval - milliseconds between iterations; 0: at once; null: block mode.
   * @param idleProbability - how likely an iteration without spare time is followed by `idle`, from 0 to 1.
   */
  constructor(clock: Clock, interval: number | null, idleProbability: number, hooks: LoopHooks) {
    this.#clock = clock
    this.#interval = interval
    this.#idleProbability = idleProbability
    this.#hooks = hooks
  }

  /** Runs until stopped. Rejects with what `execute` throws. */
  async run(): Promise<void> {
    if (!this.#hooks.execute) return this.#wait()
    return this.#interval !== null && this.#interval > 0
      ? this.#runByClock(this.#interval)
      : this.#runFreely()
  }

  /** Lets the current iteration end, and starts no other. */
  stop(): void {
    this.#stopping = true
    this.#endSleep?.()
  }

  /** Ends the sleep between two iterations early. */
  wake(): void {
    if (this.#hooks.execute) this.#endSleep?.()
  }

  statistics(): LoopStatistics {
    const meanDuration = this.#durations.trimmedMean()
    const meanIdle = this.#idles.trimmedMean()
    const total = meanDuration + meanIdle
    return {
      iterations: this.#durations.count,
      overruns: this.#overruns,
      meanDuration,
      meanIdle,
      busy: total === 0 ? 0 : meanDuration / total,
    }
  }

  async #runByClock(interval: number): Promise<void> {
    const origin = this.#clock.now()
    let due = origin
    while (!this.#stopping) {
      const duration = await this.#iterate()
      if (duration === NOT_BEGUN) return
      const now = this.#clock.now()
      const slot = nextSlot(origin, interval, due, now)
      const available = slot.at - now
      this.#idles.add(available)
      if (slot.skipped > 0) {
        this.#overruns++
        this.#hooks.overrun(this.#durations.count, duration, slot.skipped)
      }
      this.#offerIdle(slot.skipped > 0 ? 0 : available)
      due = (await this.#sleepUntil(slot.at)) ? slot.at : slot.at - interval
    }
  }

  async #runFreely(): Promise<void> {
    while (!this.#stopping) {
      if ((await this.#iterate()) === NOT_BEGUN) return
      this.#idles.add(0)
      this.#offerIdle(0)
      // An immediate lets timers and I/O have their turn before the next iteration.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  async #iterate(): Promise<number | typeof NOT_BEGUN> {
    const preparation = this.#hooks.prepare()
    if (preparation) await preparation
    if (this.#stopping) return NOT_BEGUN
    const iteration = this.#durations.count + 1
    this.#hooks.preExecute(iteration)
    const begin = this.#clock.now()
    const outcome = this.#hooks.execute!()
    if (outcome !== undefined) await outcome
    const duration = this.#clock.now() - begin
    this.#durations.add(duration)
    this.#hooks.postExecute(iteration, duration)
    return duration
  }

  #offerIdle(available: number): void {
    if (this.#stopping) return
    if (available > 0 || Math.random() < this.#idleProbability) this.#hooks.idle(available)
  }

  /** Resolves to true when the time has come, false when woken before. */
  async #sleepUntil(at: number): Promise<boolean> {
    // A timer may fire a fraction of a millisecond early; an iteration may not.
    for (let left = at - this.#clock.now(); left > 0; left = at - this.#clock.now()) {
      if (this.#stopping || !(await this.#sleep(left))) return false
    }
    return true
  }

  #sleep(delay: number): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: Timer | undefined
      const end = (elapsed: boolean): void => {
        timer?.cancel()
        this.#endSleep = undefined
        resolve(elapsed)
      }
      timer = this.#clock.after(delay, () => end(true))
      this.#endSleep = () => end(false)
    })
  }

  /** A daemon without `execute` only waits until it is stopped. */
  #wait(): Promise<void> {
    if (this.#stopping) return Promise.resolve()
    return new Promise((resolve) => {
      this.#endSleep = resolve
    })
  }
}
