import type { CallStatus } from '../call/call.ts'

/** How many calls are remembered after they have settled. */
const REMEMBERED = 1000

/** The statuses of the last settled calls. Arguments and results are not kept: they may be large. */
export class RecentStatuses {
  readonly #ids = new Float64Array(REMEMBERED)
  readonly #statuses: (CallStatus | undefined)[] = new Array(REMEMBERED).fill(undefined)
  #next = 0

  add(id: number, status: CallStatus): void {
    this.#ids[this.#next] = id
    this.#statuses[this.#next] = status
    this.#next = (this.#next + 1) % REMEMBERED
  }

  get(id: number): CallStatus | undefined {
    return this.#statuses[this.#ids.indexOf(id)]
  }
}
