import { percentileOf, Ring } from '@sd/core'
import type { CallStatus } from '../call/call.ts'

/** What is known about the calls of one method. Durations in milliseconds, over the last 1000 returned calls. */
export interface MethodStatistics {
  /** Calls that have settled. */
  readonly count: number
  readonly byStatus: Readonly<Partial<Record<CallStatus, number>>>
  readonly retries: number
  readonly mean: number
  readonly median: number
  readonly p99: number
}

const KEPT_DURATIONS = 1000

/** Counts the calls of one method. */
export class MethodCounter {
  readonly #durations = new Ring(KEPT_DURATIONS)
  readonly #byStatus: Partial<Record<CallStatus, number>> = {}
  #retries = 0

  /** @param duration - milliseconds from start to end; NaN where the call never ran. */
  settled(status: CallStatus, duration: number): void {
    this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1
    if (status === 'returned' && duration >= 0) this.#durations.add(duration)
  }

  retried(): void {
    this.#retries++
  }

  read(): MethodStatistics {
    const sorted = this.#durations.sorted()
    return {
      count: Object.values(this.#byStatus).reduce((sum, count) => sum + count, 0),
      byStatus: { ...this.#byStatus },
      retries: this.#retries,
      mean: sorted.length === 0 ? 0 : sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
      median: percentileOf(sorted, 50),
      p99: percentileOf(sorted, 99),
    }
  }
}
