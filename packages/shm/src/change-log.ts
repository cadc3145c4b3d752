import type { ReadOptions, Table } from './lmdb-store.ts'

/** What happened to a key, in one letter. */
export type ChangeKind = 'c' | 'u' | 'd'

/** One change of a transaction. */
export type LoggedChange = readonly [kind: ChangeKind, key: string]

/** Transactions that are remembered. Who reads later than that compares all keys instead. */
const LOG_LENGTH = 512

/** Old records that one transaction removes: more than it adds, and not so many that it would take long. */
const MOST_REMOVED = 8

/** Bytes for one transaction. */
const LONGEST_RECORD = 192

/** A transaction with more changes than fit. */
const TOO_MANY = Buffer.from('null')

/**
 * Which keys each of the last transactions has changed. Written in the same transaction, so it is never ahead nor
 * behind.
 */
export class ChangeLog {
  readonly #table: Table

  constructor(table: Table) {
    this.#table = table
  }

  /** Within a write. */
  append(transaction: number, changes: readonly LoggedChange[]): void {
    if (changes.length > 0) {
      const record = Buffer.from(JSON.stringify(changes))
      const fits = record.length <= LONGEST_RECORD
      this.#table.putSync(toBytes(transaction), fits ? record : TOO_MANY, 0)
    }
    // Not every transaction is logged: more than one may have become too old since.
    const old = this.#table.getKeys({ end: toBytes(transaction - LOG_LENGTH + 1), limit: MOST_REMOVED })
    for (const key of [...old]) this.#table.removeSync(key)
  }

  /** The last transaction that changed a key; 0: none yet. */
  end(snapshot: ReadOptions): number {
    for (const key of this.#table.getKeys({ reverse: true, limit: 1, ...snapshot })) return fromBytes(key)
    return 0
  }

  /**
   * @param position - the last transaction that was read.
   * @returns the changes after it in order; undefined when they cannot be told any more.
   */
  since(position: number, end: number, snapshot: ReadOptions): LoggedChange[] | undefined {
    if (position < end - LOG_LENGTH) return undefined
    const changes: LoggedChange[] = []
    for (const { value } of this.#table.getRange({ start: toBytes(position + 1), ...snapshot })) {
      const record: readonly LoggedChange[] | null = JSON.parse(value.toString())
      if (record === null) return undefined
      changes.push(...record)
    }
    return changes
  }
}

/** In an order that compares as bytes do. */
function toBytes(transaction: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(Math.max(transaction, 0)))
  return bytes
}

function fromBytes(bytes: Buffer): number {
  return Number(bytes.readBigUInt64BE())
}
