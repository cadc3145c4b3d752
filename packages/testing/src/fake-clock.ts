/** A timer waiting in a {@link FakeClock}. */
interface Waiting {
  readonly at: number
  readonly order: number
  readonly action: () => void
}

/** A clock that moves only when told to; it has the shape of `Clock` of `@sd/core`. */
export class FakeClock {
  #now = 0
  #order = 0
  #waiting: Waiting[] = []
  readonly #epoch: number

  /** @param start - the time of day at which the clock begins. */
  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#epoch = start.getTime()
  }

  now = (): number => this.#now

  date = (): Date => new Date(this.#epoch + this.#now)

  after = (delay: number, action: () => void): { cancel(): void } => {
    const timer: Waiting = { at: this.#now + Math.max(0, delay), order: this.#order++, action }
    this.#waiting.push(timer)
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== timer)
      },
    }
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#waiting.length
  }

  /** Moves the clock and fires what is due, in order; promises get their turn after each timer. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    for (;;) {
      await settle()
      const due = this.#waiting.filter((timer) => timer.at <= end)
      const next = due.sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (!next) break
      this.#waiting = this.#waiting.filter((timer) => timer !== next)
      this.#now = Math.max(this.#now, next.at)
      next.action()
    }
    this.#now = end
    await settle()
  }

  /** Moves the clock without firing anything: what a process sees that was busy or stopped. */
  skip(milliseconds: number): void {
    this.#now += milliseconds
  }
}

/** Lets every promise and immediate that is ready run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
