/** Origins that may be recorded at once. */
const SAVINGS = 256

/** Origins that may be recorded per millisecond, on the long run: each takes up to 50 microseconds. */
const ALLOWANCE = 0.1

/**
 * Decides which calls have the place recorded where they were made. That takes up to twenty times as long as all the rest
 * that the daemon does for a call, so there is an allowance for it: enough for each call of a program that makes
 * up to a hundred a second, and of any that makes some hundreds at once ("token bucket").
 */
export class OriginRation {
  #saved = SAVINGS
  #at: number

  /** @param now - monotonic milliseconds. */
  constructor(now: number) {
    this.#at = now
  }

  /** @param now - monotonic milliseconds. @returns whether the origin may be recorded. */
  take(now: number): boolean {
    if (this.#saved < 1) {
      this.#saved = Math.min(SAVINGS, (now - this.#at) * ALLOWANCE)
      this.#at = now
      if (this.#saved < 1) {
        // What has been saved up since counts for the next time.
        this.#at = now - this.#saved / ALLOWANCE
        return false
      }
    }
    this.#saved--
    return true
  }
}
