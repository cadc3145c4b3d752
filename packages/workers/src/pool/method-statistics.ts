import { RunCounter, type RunStatistics } from '@sd/process/exchange'
import type { CallStatus } from '../call/call.ts'

/** What is known about the calls of one method. Durations in milliseconds, over the last 1000 returned calls. */
export interface MethodStatistics extends RunStatistics<CallStatus> {
  readonly retries: number
}

/** Counts the calls of one method. */
export class MethodCounter extends RunCounter<CallStatus> {
  #retries = 0

  retried(): void {
    this.#retries++
  }

  override read(): MethodStatistics {
    return { ...super.read(), retries: this.#retries }
  }
}
