import type { SegmentStatistics } from './segment-statistics.ts'

/** What happened to a key. */
export type SegmentChange<Entries extends object = Record<string, unknown>> = {
  [Key in keyof Entries & string]:
    | {
        readonly type: 'created' | 'updated'
        readonly key: Key
        /** As it is when the change is read: if it was changed again since, the newest. */
        readonly value: Entries[Key]
      }
    | { readonly type: 'deleted'; readonly key: Key; readonly value: undefined }
}[keyof Entries & string]

/** Options of {@link Segment.watch}. */
export interface WatchOptions {
  /** Begins with all keys that there are, as `created`. @default false */
  initial?: boolean
  /** Whether the process keeps running for it. @default true */
  keepAlive?: boolean
  /** Ends the watching. */
  signal?: AbortSignal
}

/**
 * Named memory that processes share. Reads are at once and never wait; writes resolve when they are committed, which
 * all processes then see. Any process may be killed at any moment: what it was writing is there as a whole or not at
 * all.
 */
export interface Segment<Entries extends object = Record<string, unknown>> {
  readonly name: string
  /** The directory that it is in. */
  readonly directory: string

  /**
   * @returns the value, a copy; undefined: there is none.
   * @throws SdError `SD_SHM_KEY`, `SD_SHM_DESTROYED`, `SD_SHM_CLOSED`.
   */
  get<Key extends keyof Entries & string>(key: Key): Entries[Key] | undefined

  /**
   * @param value - all that structured clone takes, except `undefined`, which stands for no value.
   * @throws SdError `SD_SHM_FULL`: nothing was changed. `SD_SHM_VALUE`, `SD_SHM_KEY`, `SD_SHM_BUSY`,
   * `SD_SHM_DESTROYED`, `SD_SHM_CLOSED`.
   */
  put<Key extends keyof Entries & string>(key: Key, value: Entries[Key]): Promise<void>

  /**
   * @returns whether it was there.
   * @throws SdError as {@link put}.
   */
  delete<Key extends keyof Entries & string>(key: Key): Promise<boolean>

  /**
   * Writes only if the value is what one believes it to be. Values are compared by what is in them.
   *
   * @param expected - undefined: there must be none.
   * @param next - undefined: delete it.
   * @returns whether it was written.
   * @throws SdError as {@link put}.
   */
  compareAndSet<Key extends keyof Entries & string>(
    key: Key,
    expected: Entries[Key] | undefined,
    next: Entries[Key] | undefined,
  ): Promise<boolean>

  /** The keys that begin with `prefix`, sorted by their bytes. @param prefix - @default '' */
  keys(prefix?: string): (keyof Entries & string)[]

  /** The keys that begin with `prefix`, and their values, all from the same moment. @param prefix - @default '' */
  entries<Key extends keyof Entries & string>(prefix?: string): [Key, Entries[Key]][]

  /**
   * Tells what any process changes from now on. Of each key its last state is told, always; states in between are
   * left out when they follow each other faster than they are read.
   *
   * @param prefix - of the keys to watch. @default ''
   * @throws SdError `SD_SHM_DESTROYED`, when the segment is destroyed meanwhile.
   * @example
   * ```ts
   * for await (const { type, key, value } of segment.watch('jobs.')) console.log(type, key, value)
   * ```
   */
  watch(prefix?: string, options?: WatchOptions): AsyncIterableIterator<SegmentChange<Entries>>

  /** How full it is, and who uses it. */
  statistics(): SegmentStatistics

  /** Lets go of the segment, which stays. Idempotent. */
  close(): Promise<void>

  /**
   * Removes the segment for all. Who has it open gets `SD_SHM_DESTROYED` from then on; who opens it, a new one.
   * Closes it.
   */
  destroy(): Promise<void>
}
