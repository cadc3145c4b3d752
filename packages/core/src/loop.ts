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
  /** `execute` is to wait for something, and does not: it is called again and again. Told once. */
  spinning(): void
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

/** So many iterations in a row that take less than a millisecond have waited for nothing. */
const SPINNING = 1000

/** How many iterations the statistics look back on. */
const KEPT_ITERATIONS = 256

/** Calls `execute` by the clock, again and again, or whenever it is done waiting. Iterations never overlap. */
export class Loop {
  readonly #clock: Clock
  readonly #interval: () => number | null
  readonly #idleProbability: number
  readonly #hooks: LoopHooks
  readonly #durations = new Ring(KEPT_ITERATIONS)
  readonly #idles = new Ring(KEPT_ITERATIONS)
  #overruns = 0
  #hasSpun = false
  #stopping = false
  #endSleep: (() => void) | undefined

  /**
   * @param interval - milliseconds between iterations; 0: at once; null: block mode. Asked for each one.
   * @param idleProbability - how likely an iteration without spare time is followed by `idle`, from 0 to 1.
   */
  constructor(clock: Clock, interval: () => number | null, idleProbability: number, hooks: LoopHooks) {
    this.#clock = clock
    this.#interval = interval
    this.#idleProbability = idleProbability
    this.#hooks = hooks
  }

  /** Runs until stopped. Rejects with what `execute` throws. */
  async run(): Promise<void> {
    if (!this.#hooks.execute) return this.#wait()
    // Each returns when the interval has become one of the other kind.
    while (!this.#stopping) {
      const interval = this.#interval()
      if (isClocked(interval)) await this.#runByClock(interval)
      else await this.#runFreely()
    }
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

  async #runByClock(first: number): Promise<void> {
    let interval = first
    let origin = this.#clock.now()
    let due = origin
    while (!this.#stopping) {
      const duration = await this.#iterate()
      // After the last iteration there are no slots that could be left out.
      if (duration === NOT_BEGUN || this.#stopping) return
      const now = this.#clock.now()
      const wanted = this.#interval()
      if (!isClocked(wanted)) return
      if (wanted !== interval) {
        interval = wanted
        origin = due
      }
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
    let brief = 0
    while (!this.#stopping) {
      const duration = await this.#iterate()
      if (duration === NOT_BEGUN) return
      const interval = this.#interval()
      if (isClocked(interval)) return
      brief = interval === null && duration < 1 ? brief + 1 : 0
      if (brief === SPINNING) this.#tellSpinning()
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

  #tellSpinning(): void {
    if (!this.#hasSpun) this.#hooks.spinning()
    this.#hasSpun = true
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

function isClocked(interval: number | null): interval is number {
  return interval !== null && interval > 0
}
