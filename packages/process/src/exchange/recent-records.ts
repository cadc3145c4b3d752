import { type DebugSeat, passPoint } from '@sd/core'

/** How many are kept at least, once there were as many. */
const KEPT = 1000

/** How many more come together before the oldest are thrown away. */
const SURPLUS = 250

/**
 * The records of the last calls, or tasks, that have settled, with all that they hold: kept for a debugger, and only
 * while there is one.
 */
export class RecentRecords<Entry extends { readonly id: number }> {
  readonly #seat: DebugSeat
  readonly #owner: string
  #entries: Entry[] = []

  /** @param owner - whose they are, for the debugger. */
  constructor(seat: DebugSeat, owner: string) {
    this.#seat = seat
    this.#owner = owner
  }

  /** Whether there is anything to do for it: there is a debugger, or something is left from when there was one. */
  get isUsed(): boolean {
    return this.#seat.probe !== undefined || this.#entries.length > 0
  }

  /** Takes one down. Without a debugger nothing is kept. */
  add(entry: Entry): void {
    if (!this.#seat.probe) {
      if (this.#entries.length > 0) this.#entries = []
      return
    }
    this.#entries.push(entry)
    if (this.#entries.length < KEPT + SURPLUS) return
    passPoint(this.#seat, {
      name: 'garbageCollection',
      facts: { group: this.#owner, kept: KEPT, dropped: this.#entries.length - KEPT },
    })
    this.#entries = this.#entries.slice(-KEPT)
  }

  /** The oldest first. */
  all(): readonly Entry[] {
    return this.#entries
  }

  get(id: number): Entry | undefined {
    return this.#entries.findLast((entry) => entry.id === id)
  }
}
