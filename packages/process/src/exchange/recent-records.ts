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

  /** Takes one down; to be called only while there is a debugger. */
  add(entry: Entry): void {
    if (this.#entries.length === 0) this.#seat.onOff.add(this.#letGo)
    this.#entries.push(entry)
    if (this.#entries.length < KEPT + SURPLUS) return
    passPoint(this.#seat, {
      name: 'garbageCollection',
      facts: { group: this.#owner, kept: KEPT, dropped: this.#entries.length - KEPT },
    })
    this.#entries = this.#entries.slice(-KEPT)
  }

  #letGo = (): void => {
    this.#entries = []
  }

  /** The oldest first. */
  all(): readonly Entry[] {
    return this.#entries
  }

  get(id: number): Entry | undefined {
    return this.#entries.findLast((entry) => entry.id === id)
  }
}
