import type { Clock, Timer } from './clock.ts'

/** A time in which a clock stood still, by the clock below it. */
interface Pause {
  readonly from: number
  readonly until: number
}

/** Pauses that are remembered one by one, to tell what a moment before them was. */
const REMEMBERED = 256

/**
 * A clock that can stand still, above one that does not. Its timers wait with it: each deadline moves by the length
 * of the pause. While it never stood still it is the clock below, number for number.
 */
export class PausableClock implements Clock {
  readonly base: Clock
  /** Whether it ever stood still. */
  hasStoodStill = false
  /** The last ones, in order; those before are only in the sum. */
  readonly #pauses: Pause[] = []
  /** Milliseconds of the pauses that are no longer listed. */
  #forgotten = 0
  /** Milliseconds of all pauses that are over. */
  #paused = 0
  /** Since when it stands still, by the clock below. */
  #frozenAt: number | undefined
  /** Changes whenever timers that were set before may be due at another time. */
  #era = 0
  /** What waits for the clock to go on. */
  readonly #waiting = new Set<() => void>()

  constructor(base: Clock) {
    this.base = base
  }

  /** Whether it stands still. */
  get frozen(): boolean {
    return this.#frozenAt !== undefined
  }

  now(): number {
    if (!this.hasStoodStill) return this.base.now()
    return (this.#frozenAt ?? this.base.now()) - this.#paused
  }

  date(): Date {
    return this.base.date()
  }

  after(delay: number, action: () => void, keepAlive?: boolean): Timer {
    const due = this.now() + delay
    let timer: Timer | undefined
    let park: (() => void) | undefined
    const arm = (left: number): void => {
      const era = this.#era
      timer = this.base.after(
        left,
        () => {
          if (this.#era === era) action()
          else goOn()
        },
        keepAlive,
      )
    }
    const goOn = (): void => {
      if (park) this.#waiting.delete(park)
      park = undefined
      if (this.frozen) {
        park = goOn
        this.#waiting.add(park)
        return
      }
      arm(Math.max(0, due - this.now()))
    }
    if (this.frozen) goOn()
    else arm(delay)
    return {
      cancel: () => {
        timer?.cancel()
        if (park) this.#waiting.delete(park)
      },
    }
  }

  /** What a moment of the clock at the very bottom, as `process.hrtime` counts, is by this one. */
  fromSystem(at: number): number {
    const below = this.base.fromSystem?.(at) ?? at
    if (!this.hasStoodStill) return below
    let stood = this.#forgotten
    for (const { from, until } of this.#pauses) {
      if (below <= from) break
      stood += Math.min(below, until) - from
    }
    return Math.min(below, this.#frozenAt ?? below) - stood
  }

  /** Stops. Does nothing when it stands still. @param since - a moment, as `process.hrtime` counts. @default now */
  freeze(since?: number): void {
    if (this.frozen) return
    this.hasStoodStill = true
    this.#era++
    this.#frozenAt = this.#moment(since)
  }

  /** Goes on. Does nothing when it does not stand still. @param at - as for {@link PausableClock.freeze}. */
  thaw(at?: number): void {
    if (this.#frozenAt === undefined) return
    const from = this.#frozenAt
    this.#frozenAt = undefined
    this.#remember(from, Math.max(from, this.#moment(at)))
    for (const goOn of [...this.#waiting]) goOn()
  }

  /** It stood still until now, and nobody could tell it so. @param pause - milliseconds, not more than it was. */
  skip(pause: number): void {
    // Where it stands still anyway, this is part of that.
    if (this.frozen || !(pause > 0)) return
    const now = this.base.now()
    this.hasStoodStill = true
    this.#era++
    this.#remember(Math.max(now - pause, this.#pauses.at(-1)?.until ?? Number.NEGATIVE_INFINITY), now)
  }

  /** A moment of the system by the clock below: neither in the future nor within the pause before. */
  #moment(at: number | undefined): number {
    const now = this.base.now()
    if (at === undefined) return now
    const below = this.base.fromSystem?.(at) ?? at
    return Math.min(now, Math.max(below, this.#pauses.at(-1)?.until ?? below))
  }

  #remember(from: number, until: number): void {
    this.#paused += until - from
    this.#pauses.push({ from, until })
    if (this.#pauses.length <= REMEMBERED) return
    const first = this.#pauses.shift()!
    this.#forgotten += first.until - first.from
  }
}
