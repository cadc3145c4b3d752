import type { Json, LogRecord } from '@sd/core'

/** Characters of a message that are kept. */
const LONGEST_MESSAGE = 8192

/** A record as clients get it. */
export type KeptRecord = Readonly<Record<'time' | 'label' | 'level' | 'message', string>> & {
  readonly pid: number
}

/** The last records of the log. */
export class LogRing {
  readonly #capacity: number
  readonly #records: KeptRecord[] = []
  readonly #listeners = new Set<(record: KeptRecord) => void>()
  #next = 0

  /** @param capacity - how many are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add({ time, pid, label, level, message }: LogRecord): void {
    const text =
      message.length > LONGEST_MESSAGE
        ? `${message.slice(0, LONGEST_MESSAGE)}... (${message.length} characters)`
        : message
    const record = { time: time.toISOString(), pid, label, level, message: text }
    if (this.#capacity > 0) this.#records[this.#next++ % this.#capacity] = record
    for (const listener of this.#listeners) listener(record)
  }

  /** The last ones, the newest at the end. */
  last(count: number): KeptRecord[] {
    const kept = this.#records.length
    return Array.from(
      { length: Math.min(count, kept) },
      (_, index) => this.#records[(this.#next - Math.min(count, kept) + index) % this.#capacity]!,
    )
  }

  /** Tells of every record from now on. @returns ends that. */
  follow(listener: (record: KeptRecord) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

/** Records as JSON, which they are. */
export function recordsAsJson(records: readonly KeptRecord[]): Json {
  return records
}
