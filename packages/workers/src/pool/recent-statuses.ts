import type { CallStatus } from '../call/call.ts'

/** How many calls are remembered after they have settled. */
const REMEMBERED = 1000

/** The statuses of the last settled calls. Arguments and results are not kept: they may be large. */
export class RecentStatuses {
  readonly #ids = new Float64Array(REMEMBERED)
  readonly #statuses = new Map<number, CallStatus>()
  #next = 0

  add(id: number, status: CallStatus): void {
    const oldest = this.#ids[this.#next]!
    if (this.#statuses.size >= REMEMBERED) this.#statuses.delete(oldest)
    this.#ids[this.#next] = id
    this.#next = (this.#next + 1) % REMEMBERED
    this.#statuses.set(id, status)
  }

  get(id: number): CallStatus | undefined {
    return this.#statuses.get(id)
  }
}
