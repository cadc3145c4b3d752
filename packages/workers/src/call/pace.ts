/** Microseconds up to which a call is brief: it is over before anybody could have been told that it began. */
export const BRIEF = 50

/** Microseconds from which on a call is no longer what noise makes of a brief one. */
const LONG = 1000

/** Calls without a long one among them until a method counts as brief: when it is new, and after a long one. */
const TRIAL = 32
/** See {@link TRIAL}. */
const PROBATION = 64

/** How many of the last calls make the mean, about. */
const MEMORY = 8

/** How long the calls of a method take, learned from those that have ended. Microseconds. */
export class Pace {
  #mean = Number.POSITIVE_INFINITY
  #onTrial = TRIAL

  /** The mean of the last few; infinite while none has ended. */
  get mean(): number {
    return this.#mean
  }

  /** Whether the next one will be over in {@link BRIEF}, as far as one can tell. */
  get brief(): boolean {
    return this.#onTrial === 0 && this.#mean < BRIEF
  }

  /** Learns of a call that has ended. */
  add(duration: number): void {
    this.#mean =
      this.#mean < Number.POSITIVE_INFINITY ? this.#mean + (duration - this.#mean) / MEMORY : duration
    if (duration >= LONG) this.#onTrial = PROBATION
    else if (this.#onTrial > 0) this.#onTrial--
  }
}

/** The paces of a worker's methods. */
export class Paces {
  readonly #byMethod = new Map<string, Pace>()

  of(method: string): Pace {
    let pace = this.#byMethod.get(method)
    if (!pace) {
      pace = new Pace()
      this.#byMethod.set(method, pace)
    }
    return pace
  }
}
