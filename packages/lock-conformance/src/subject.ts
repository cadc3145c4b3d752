import type { Awaitable, Plugin } from '@sd/core'
import type { LockBackend, LockHolder, LockOptions, LockService } from '@sd/lock'

/**
 * What the suite needs of a backend in every process that takes part: the default export of a module.
 * `place` says where the lock is; it is what {@link LockSubject.start} gave.
 */
export interface LockModule {
  /** Opens the backend, for one lease. */
  open(place: string): Awaitable<LockBackend>
  /** The plugin, over the same lock. */
  plugin(place: string, options: LockOptions): Plugin<string, LockService>
  /**
   * Puts the lock into the state that this holder would have left it in, whatever it is now, in one step where
   * others look on. The record is to be stored as it is, its token included.
   */
  leaveBehind(place: string, holder: LockHolder): Awaitable<void>
}

/** What a test's locks are kept in. */
export interface LockServer {
  /** Handed to the functions of {@link LockModule}; a fresh lock for each test. */
  readonly place: string
  /** What is left of the lock and its backend: files, keys, segments, connections. After the last release: empty. */
  leftovers(): Awaitable<readonly string[]>
  stop(): Awaitable<void>
}

/** A backend under test. */
export interface LockSubject {
  /** For the names of the tests. */
  readonly name: string
  /** The module whose default export is the {@link LockModule}. */
  readonly module: URL
  /** Makes a place for one test. `dir` is the test's own directory. */
  start(dir: string): Awaitable<LockServer>
  /** Whether it keeps others out; `nullLock()` does not. @default true */
  readonly excludes?: boolean
  /** Whether a dead holder on the same machine is taken over from at once. */
  readonly provesDeath: boolean
  /** Whether processes of two containers that have the same pid can use it at the same time. @default true */
  readonly spansContainers?: boolean
  /** A ttl that the backend honours and that the tests can wait for. Milliseconds. */
  readonly ttl: number
  /** Sizes other than usual, for a backend where a round takes long. */
  readonly sizes?: Partial<Sizes>
}

/** How much the suite does. */
export interface Sizes {
  /** Processes that contend for one lock. */
  readonly contenders: number
  /** Rounds of each of them. */
  readonly rounds: number
  /** Holders that are killed while others stand by. */
  readonly kills: number
  /** Processes killed at any moment of taking and giving the lock. */
  readonly crashes: number
  /** Times that a lock is taken and given. */
  readonly cycles: number
}

/** What always runs, and what runs with `SD_SOAK=1`. */
export function suiteSizes(subject: LockSubject): Sizes {
  const soak = process.env.SD_SOAK === '1'
  const sizes: Sizes = soak
    ? { contenders: 16, rounds: 150, kills: 20, crashes: 100, cycles: 3000 }
    : { contenders: 5, rounds: 25, kills: 2, crashes: 6, cycles: 100 }
  return { ...sizes, ...subject.sizes }
}
