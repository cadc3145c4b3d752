import { Fifo } from '../call/fifo.ts'
import { IdTable } from '../call/id-table.ts'
import type { Submission } from './submission.ts'

/**
 * The calls that a process was given, in order: the ones that have started, and behind them the ones that are
 * still the daemon's. A call has started when the worker says so, which it does before it starts one; a worker
 * that is idle starts the call that it is given, so that one may be presumed to have started.
 */
export class CallWindow {
  readonly #byId = new IdTable<Submission>()
  readonly #waiting = new Fifo<Submission>()
  #expected = 0

  get size(): number {
    return this.#byId.size
  }

  /** Microseconds that all of them together will take, as far as one can tell. */
  get expected(): number {
    return this.#expected
  }

  /** Those that have started, or may have, in no particular order. */
  get started(): Submission[] {
    return this.#byId.values().filter(({ started }) => started)
  }

  /** Those that are still the daemon's, in order. */
  get waiting(): Submission[] {
    return this.#waiting.toArray()
  }

  get(id: number): Submission | undefined {
    return this.#byId.get(id)
  }

  add(submission: Submission): void {
    submission.expected = submission.forecast
    this.#expected += submission.expected
    this.#byId.add(submission)
    if (!submission.started) this.#waiting.push(submission)
  }

  /**
   * Marks the calls that were given up to this one as started.
   *
   * @returns those that had not been; undefined when the call is none that could start.
   */
  start(lastId: number): readonly Submission[] | undefined {
    const last = this.#byId.get(lastId)
    if (!last) return undefined
    if (last.started) return []
    const begun: Submission[] = []
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      next.started = true
      begun.push(next)
      if (next === last) break
    }
    return begun
  }

  /** Takes a call out, because it has ended, or goes elsewhere. */
  remove(submission: Submission): void {
    this.#byId.delete(submission.id)
    this.#expected -= submission.expected
    if (!submission.started) {
      const place = this.#waiting.toArray().indexOf(submission)
      if (place >= 0) this.#waiting.removeAt(place)
    }
    // Also what rounding has left.
    if (this.#byId.size === 0) this.#expected = 0
  }
}
