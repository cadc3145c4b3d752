import type { Clock } from '@sd/core'

/** Milliseconds between two lines of one kind. */
const QUIET_TIME = 10_000

/** Logs what a stranger can cause a thousand times a second: once in ten seconds, with how often it happened. */
export class RateLimitedLog {
  readonly #clock: Clock
  readonly #log: (message: string) => void
  readonly #kinds = new Map<string, { quietUntil: number; unsaid: number }>()

  constructor(clock: Clock, log: (message: string) => void) {
    this.#clock = clock
    this.#log = log
  }

  /** @param kind - lines of one kind count together. */
  say(kind: string, message: string): void {
    const now = this.#clock.now()
    const state = this.#kinds.get(kind) ?? { quietUntil: Number.NEGATIVE_INFINITY, unsaid: 0 }
    this.#kinds.set(kind, state)
    if (now < state.quietUntil) {
      state.unsaid++
      return
    }
    this.#log(
      state.unsaid > 0 ? `${message} (and ${state.unsaid} more like it since the last line)` : message,
    )
    state.unsaid = 0
    state.quietUntil = now + QUIET_TIME
  }
}
