import type { Awaitable } from '@sd/core'
import type { LockHolder } from './holder.ts'
import type { Verdict } from './judge.ts'

/**
 * What keeps a lock: a directory, a server, a piece of shared memory. It does four things; all else (timers,
 * deadlines, states, what is said to the user) is the lease's.
 *
 * One object serves one {@link Lease}, which never asks for two operations at a time. After one that did not end
 * within its limit it waits for its end, or only closes the backend; a lock that it got too late it gives back.
 *
 * An operation rejects when it cannot say how it went; it never guesses.
 */
export interface LockBackend {
  /** What it can and cannot do. */
  readonly traits: LockTraits
  /** Where the lock is, for people: a file name, `memcached at 127.0.0.1:11211`. */
  readonly place: string
  /**
   * Takes the lock if it is free, or if who holds it is gone. Of all who try at the same time at most one is
   * answered with a token.
   *
   * @throws SdError with the fact `transient: true` for what may be better in a moment: who waits tries again.
   */
  acquire(claim: LockClaim): Promise<LockAttempt>
  /**
   * Stores what has changed in the holder's record (`renewals`, `renewedAt`, `ttl`, `restarting`), if the lock is still its
   * own, in one step: never over another holder's.
   *
   * @returns false when the lock is not its own any more.
   */
  renew(holder: LockHolder): Promise<boolean>
  /**
   * Takes up a lease that another backend of this process has acquired, to renew it. Left out where `renew` needs no
   * more than the holder. Once, before anything else.
   */
  resume?(holder: LockHolder): Awaitable<void>
  /**
   * Takes up a lease of the program that this process was before an `execve`, and stores `holder`, which has the same id and
   * token, as {@link renew} does. Left out where `renew` needs no more than the holder. Once, after `acquire` has found it.
   *
   * @param found - the record as it was found.
   * @returns false when it is not there any more.
   */
  adopt?(found: LockHolder, holder: LockHolder): Promise<boolean>
  /** Whether the lock is still this holder's. Changes nothing. */
  check(holder: LockHolder): Promise<boolean>
  /** Gives the lock back. One that is not this holder's any more is left alone. */
  release(holder: LockHolder): Promise<void>
  /**
   * Tells when somebody may have touched the lock, where that can be seen at once. A hint: the lease checks.
   *
   * @returns ends it.
   */
  watch?(onChange: () => void): () => void
  /** Closes what the backend has opened. Idempotent, also after a failure. The lock itself is left alone. */
  close(): Awaitable<void>
}

/** What a {@link LockBackend} can and cannot do. */
export interface LockTraits {
  /** Whether the lock of a dead process is taken over at once; else it is when its ttl is over. */
  readonly provesDeath: boolean
  /** A lease's ttl is rounded up to a multiple of this. Milliseconds. */
  readonly ttlStep: number
  /** The shortest ttl. Milliseconds. */
  readonly leastTtl: number
  /**
   * Whether what keeps the lock never drops it. Else, as with a cache, it may be gone at any time, and another may take it
   * before its holder notices: at the next renewal, after a third of the ttl, or at the next check.
   */
  readonly durable: boolean
}

/** One attempt to take a lock. */
export interface LockClaim {
  /** The lock's name. */
  readonly name: string
  /** The lease's: unlike any other. */
  readonly id: string
  /** How long the lock is to be held unless it is renewed. Milliseconds. */
  readonly ttl: number
  /** When the attempt began, monotonic: the ttl counts from here. Milliseconds. */
  readonly startedAt: number
  /** The token to begin with where the lock's last one is not known: the time of day, so that it is greater. */
  readonly firstToken: number
  /** The record to store once the token is known. */
  toHolder(token: number): LockHolder
  /** What has become of who is found in the lock. `dead` and `expired` stay so for ever: take over. */
  judge(holder: LockHolder): Verdict
}

/** How an attempt went. */
export type LockAttempt =
  | {
      /** The lock is the lease's now. Greater than every token that this lock had before. */
      readonly token: number
    }
  | {
      readonly token?: undefined
      /** Who has it, where that can be read. */
      readonly holder: LockHolder | undefined
      /**
       * Whether it takes more looks to tell if the holder still lives: then even who does not want to wait looks
       * on until that is known.
       */
      readonly undecided?: boolean
    }
