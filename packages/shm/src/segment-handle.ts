import { removeGrave } from './grave.ts'
import type { Segment, SegmentChange, WatchOptions } from './segment.ts'
import { closedError } from './segment-errors.ts'
import { encodeKey, encodePrefix } from './segment-key.ts'
import type { SegmentMemory, Writer } from './segment-memory.ts'
import type { SegmentStatistics } from './segment-statistics.ts'
import { areEqual, encodePresent, encodeValue } from './segment-value.ts'
import { leaveMemory, type SharedMemory } from './shared-memories.ts'
import { watchChanges } from './watch-changes.ts'

/** One opening of a segment. */
export class SegmentHandle implements Segment {
  readonly name: string
  readonly directory: string
  readonly #shared: SharedMemory
  readonly #timeout: number
  readonly #closed = new AbortController()
  #closing: Promise<void> | undefined

  /** @param timeout - of each write, milliseconds. */
  constructor(shared: SharedMemory, timeout: number) {
    this.#shared = shared
    this.#timeout = timeout
    this.name = shared.memory.name
    this.directory = shared.memory.directory
  }

  get(key: string): unknown {
    const memory = this.#memory
    const bytes = encodeKey(key)
    const value = memory.read((snapshot): Buffer | undefined => {
      const found = memory.store.entries.getBinary(bytes, snapshot)
      // A segment that is destroyed is empty.
      if (found === undefined) memory.refuseIfRemoved(snapshot)
      return found
    })
    return value === undefined ? undefined : memory.decode(key, value)
  }

  async put(key: string, value: unknown): Promise<void> {
    const [bytes, encoded] = [encodeKey(key), encodePresent(key, value)]
    await this.#write((writer) => writer.put(bytes, encoded))
  }

  async delete(key: string): Promise<boolean> {
    const bytes = encodeKey(key)
    return await this.#write((writer) => {
      const isThere = writer.read(bytes) !== undefined
      if (isThere) writer.delete(bytes)
      return isThere
    })
  }

  async compareAndSet(key: string, expected: unknown, next: unknown): Promise<boolean> {
    const bytes = encodeKey(key)
    const [before, after] = [expected, next].map((value) =>
      value === undefined ? undefined : encodeValue(key, value),
    )
    return await this.#write((writer) => {
      const present = writer.read(bytes)
      const isExpected =
        present === undefined || before === undefined ? present === before : areEqual(present, before)
      if (!isExpected) return false
      if (after !== undefined) writer.put(bytes, after)
      else if (present !== undefined) writer.delete(bytes)
      return true
    })
  }

  keys(prefix = ''): string[] {
    const memory = this.#memory
    return memory.read((snapshot) => {
      memory.refuseIfRemoved(snapshot)
      const keys = memory.store.entries.getKeys({ ...encodePrefix(prefix), ...snapshot })
      return Array.from(keys, (key) => key.toString())
    })
  }

  entries<Key extends string>(prefix = ''): [Key, unknown][] {
    const memory = this.#memory
    return memory.read((snapshot) => {
      memory.refuseIfRemoved(snapshot)
      const range = memory.store.entries.getRange({ ...encodePrefix(prefix), ...snapshot })
      return Array.from(range, ({ key, value }): [Key, unknown] => [
        key.toString() as Key,
        memory.decode(key.toString(), value),
      ])
    })
  }

  watch(prefix = '', options: WatchOptions = {}): AsyncIterableIterator<SegmentChange> {
    return watchChanges(this.#memory, prefix, options, this.#closed.signal)
  }

  statistics(): SegmentStatistics {
    const { store, size, name, directory } = this.#memory
    const { entries, used } = store.statistics()
    const transaction = this.#memory.read((snapshot): number => this.#memory.log.end(snapshot))
    const { readers, fileSize: peak } = store
    return { name, directory, size, used, peak, entries, transaction, readers, owners: this.#memory.owners() }
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave()
    return this.#closing
  }

  async destroy(): Promise<void> {
    const memory = this.#memory
    const grave = await memory.inGate(this.#timeout, () => memory.condemn(() => true))
    if (grave) await removeGrave(grave)
    await this.close()
  }

  async #leave(): Promise<void> {
    this.#closed.abort()
    await leaveMemory(this.#shared, this.#timeout)
  }

  #write<Result>(action: (writer: Writer) => Result): Promise<Result> {
    return this.#memory.write(this.#timeout, action)
  }

  /** @throws SdError `SD_SHM_CLOSED`. */
  get #memory(): SegmentMemory {
    if (this.#closing) throw closedError(this.name)
    return this.#shared.memory
  }
}
