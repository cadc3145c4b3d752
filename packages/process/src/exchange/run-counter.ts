import { percentileOf, Ring } from '@sd/core'

/** What is known about all runs of one thing. Durations in milliseconds, over the last 1000 that returned. */
export interface RunStatistics<Status extends string> {
  /** Runs that have settled. */
  readonly count: number
  readonly byStatus: Readonly<Partial<Record<Status, number>>>
  readonly mean: number
  readonly median: number
  readonly p99: number
}

const KEPT_DURATIONS = 1000

/** Counts the runs of one thing: of a method, of a task. */
export class RunCounter<Status extends string> {
  readonly #durations = new Ring(KEPT_DURATIONS)
  readonly #byStatus: Partial<Record<Status, number>> = {}

  /** @param duration - milliseconds from start to end; NaN where it never ran. */
  settled(status: Status, duration: number): void {
    this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1
    if (status === 'returned' && duration >= 0) this.#durations.add(duration)
  }

  read(): RunStatistics<Status> {
    const sorted = this.#durations.sorted()
    return {
      count: Object.values(this.#byStatus as Record<string, number>).reduce((sum, count) => sum + count, 0),
      byStatus: { ...this.#byStatus },
      mean: sorted.length === 0 ? 0 : sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
      median: percentileOf(sorted, 50),
      p99: percentileOf(sorted, 99),
    }
  }
}
