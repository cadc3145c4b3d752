import type { ReadOptions } from './lmdb-store.ts'
import type { SegmentChange, WatchOptions } from './segment.ts'
import { encodeKey, encodePrefix } from './segment-key.ts'
import type { SegmentMemory } from './segment-memory.ts'

/** What is told of one key, before its type is known to TypeScript. */
type Change = SegmentChange

/** Follows the changes of all keys with a prefix. It reads on only when its reader has taken all that it has. */
class ChangeReader {
  readonly #memory: SegmentMemory
  readonly #prefix: string
  /** The keys that there are, as far as its reader knows. */
  readonly #known = new Set<string>()
  /** The last transaction that was read. */
  #position: number
  #unread: Change[] = []

  constructor(memory: SegmentMemory, prefix: string, initial: boolean) {
    this.#memory = memory
    this.#prefix = prefix
    this.#position = memory.read((snapshot) => {
      memory.refuseIfRemoved(snapshot)
      for (const { key, value } of this.#range(snapshot)) {
        const text = key.toString()
        this.#known.add(text)
        if (initial) this.#unread.push({ type: 'created', key: text, value: memory.decode(text, value) })
      }
      return memory.log.end(snapshot)
    })
  }

  /** The next change that there is already. */
  next(): Change | undefined {
    if (this.#unread.length === 0) this.#unread = this.#readOn().reverse()
    return this.#unread.pop()
  }

  #readOn(): Change[] {
    return this.#memory.read((snapshot) => {
      this.#memory.refuseIfRemoved(snapshot)
      const end = this.#memory.log.end(snapshot)
      if (end === this.#position) {
        // It rings when the file is removed, too.
        this.#memory.refuseIfReplaced()
        return []
      }
      const position = this.#position
      this.#position = end
      const logged = this.#memory.log.since(position, end, snapshot)
      if (logged === undefined) return this.#compareAll(position, snapshot)
      const touched = new Set(logged.map(([, key]) => key).filter((key) => key.startsWith(this.#prefix)))
      return [...touched].flatMap((key) => this.#look(key, snapshot) ?? [])
    })
  }

  /** Nothing, when it was made and deleted meanwhile. */
  #look(key: string, snapshot: ReadOptions): Change | undefined {
    const value = this.#memory.store.entries.getBinary(encodeKey(key), snapshot)
    if (value !== undefined) return this.#tellValue(key, value)
    return this.#known.delete(key) ? { type: 'deleted', key, value: undefined } : undefined
  }

  #tellValue(key: string, value: Buffer): Change {
    const type = this.#known.has(key) ? 'updated' : 'created'
    this.#known.add(key)
    return { type, key, value: this.#memory.decode(key, value) }
  }

  /** Too far behind for the log: each entry says in which transaction it was written. */
  #compareAll(position: number, snapshot: ReadOptions): Change[] {
    const changes: Change[] = []
    const gone = new Set(this.#known)
    for (const { key, value, version } of this.#range(snapshot)) {
      const text = key.toString()
      gone.delete(text)
      if ((version ?? 0) > position || !this.#known.has(text)) changes.push(this.#tellValue(text, value))
    }
    for (const key of gone) {
      this.#known.delete(key)
      changes.push({ type: 'deleted', key, value: undefined })
    }
    return changes
  }

  #range(snapshot: ReadOptions): Iterable<{ key: Buffer; value: Buffer; version?: number }> {
    return this.#memory.store.entries.getRange({ ...encodePrefix(this.#prefix), versions: true, ...snapshot })
  }
}

/**
 * The changes, for `for await`.
 *
 * @param closed - aborted when the segment is closed.
 */
export function watchChanges(
  memory: SegmentMemory,
  prefix: string,
  { initial = false, keepAlive = true, signal }: WatchOptions,
  closed: AbortSignal,
): AsyncIterableIterator<Change> {
  // Made now: what is changed before the first `next` is told, too.
  const reader = new ChangeReader(memory, prefix, initial)
  // `AbortSignal.any` would take longer than all the rest.
  const ends = signal ? [signal, closed] : [closed]
  return follow(reader, memory, ends, keepAlive)
}

async function* follow(
  reader: ChangeReader,
  memory: SegmentMemory,
  ends: readonly AbortSignal[],
  keepAlive: boolean,
): AsyncGenerator<Change, undefined> {
  let wake = (): void => {}
  const ring = (): void => wake()
  const endListening = memory.bell.listen(ring, keepAlive)
  for (const end of ends) end.addEventListener('abort', ring)
  try {
    while (!ends.some(({ aborted }) => aborted)) {
      // Before the look: what is written during it rings.
      const rung = new Promise<void>((resolve) => {
        wake = resolve
      })
      const change = reader.next()
      if (change) yield change
      else await rung
    }
  } finally {
    for (const end of ends) end.removeEventListener('abort', ring)
    endListening()
  }
}
