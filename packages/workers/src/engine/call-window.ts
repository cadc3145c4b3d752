import { IdTable } from '../call/id-table.ts'
import type { Submission } from './submission.ts'

/**
 * The calls that a process was given, in order: the ones that have started, and behind them the ones that are
 * still the daemon's. A call has started when the worker says so, which it does before it starts one; a worker
 * that is idle starts the call that it is given, so that one may be presumed to have started.
 */
export class CallWindow {
  readonly #byId = new IdTable<Submission>()
  /** Those that had not started when they were given; the ones before `#next` have since. */
  #waiting: Submission[] = []
  #next = 0
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
    return this.#waiting.slice(this.#next)
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
    const end = this.#waiting.indexOf(last, this.#next)
    const begun = this.#waiting.slice(this.#next, end + 1)
    for (const submission of begun) submission.started = true
    this.#next = end + 1
    this.#forgetStarted()
    return begun
  }

  /** Takes a call out, because it has ended, or goes elsewhere. */
  remove(submission: Submission): void {
    this.#byId.delete(submission.id)
    this.#expected -= submission.expected
    const place = submission.started ? -1 : this.#waiting.indexOf(submission, this.#next)
    if (place >= 0) this.#waiting.splice(place, 1)
    if (this.#byId.size > 0) return
    // Also what rounding has left.
    this.#expected = 0
    this.#waiting = []
    this.#next = 0
  }

  #forgetStarted(): void {
    if (this.#next < this.#waiting.length && this.#next < 1024) return
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }
}
