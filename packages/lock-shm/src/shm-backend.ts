import { type Awaitable, SdError } from '@sd/core'
import type { LockAttempt, LockBackend, LockClaim, LockHolder } from '@sd/lock'
import type { Segment } from '@sd/shm'
import { isSharedLock, type SharedLock, type SharedLocks } from './shared-lock.ts'

/** An attempt begins anew when somebody else was faster; so often at most, microseconds apart. */
const MOST_ROUNDS = 1000

/**
 * Locks in a segment of shared memory. Every change is one compare-and-set: it is made only if the lock is what its
 * decision was based on.
 *
 * @param segment - stays open when the backend is closed, unless `onClose` closes it.
 * @param name - of the lock.
 * @param onClose - called when the backend is closed. @default does nothing
 * @example
 * ```ts
 * const segment = await openSegment<SharedLocks>('locks')
 * const lease = new Lease()
 * await lease.acquire(shmBackend(segment, 'import'), { name: 'import', ttl: 5000 })
 * await lease.release()
 * await segment.close()
 * ```
 */
export function shmBackend(
  segment: Segment<SharedLocks>,
  name: string,
  onClose: () => Awaitable<void> = () => {},
): LockBackend {
  return new ShmBackend(segment, name, onClose)
}

/** As {@link shmBackend}; one that is waited for outlives its segment. */
export class ShmBackend implements LockBackend {
  readonly traits: LockBackend['traits'] = { provesDeath: true, ttlStep: 1, leastTtl: 100, durable: true }
  readonly place: string
  readonly #name: string
  readonly #onClose: (segment: Segment<SharedLocks>) => Awaitable<void>
  readonly #reopen: (() => Promise<Segment<SharedLocks>>) | undefined
  #segment: Segment<SharedLocks>
  #id: string | undefined

  /** @param reopen - opens the segment anew, should it be destroyed while the lock is not held. @default it fails then */
  constructor(
    segment: Segment<SharedLocks>,
    name: string,
    onClose: (segment: Segment<SharedLocks>) => Awaitable<void>,
    reopen?: () => Promise<Segment<SharedLocks>>,
  ) {
    this.#reopen = reopen
    this.#segment = segment
    this.#name = name
    this.#onClose = onClose
    this.place = `shared memory ${segment.directory}`
  }

  async acquire(claim: LockClaim): Promise<LockAttempt> {
    for (;;) {
      try {
        return await this.#tryToAcquire(claim)
      } catch (error) {
        if (!isDestroyed(error) || !this.#reopen) throw error
        const destroyed = this.#segment
        // When that fails for the moment, the next attempt finds the old one destroyed once more.
        this.#segment = await this.#reopen()
        await this.#onClose(destroyed)
      }
    }
  }

  async #tryToAcquire(claim: LockClaim): Promise<LockAttempt> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const found = this.#read()
      if (found?.holder) {
        const verdict = claim.judge(found.holder)
        if (verdict === 'alive' || verdict === 'unknown') {
          return { holder: found.holder, undecided: verdict === 'unknown' }
        }
      }
      const token = (found?.token ?? claim.firstToken - 1) + 1
      if (await this.#change(found, { token, holder: claim.toHolder(token) })) {
        this.#id = claim.id
        return { token }
      }
    }
    const message = `The lock "${this.#name}" changes hands too fast (${this.place}).`
    throw new SdError('SD_LOCK_SHM_BUSY', message, { lock: this.#name, transient: true })
  }

  adopt(_found: LockHolder, holder: LockHolder): Promise<boolean> {
    this.#id = holder.id
    return this.renew(holder)
  }

  async renew(holder: LockHolder): Promise<boolean> {
    return await goneWithSegment(() => this.#changeOwn(holder, holder))
  }

  // It writes, though the same: only a write can tell that the segment is still the one that others get.
  async check(holder: LockHolder): Promise<boolean> {
    return await goneWithSegment(() => this.#isOwn(holder))
  }

  async release(holder: LockHolder): Promise<void> {
    await goneWithSegment(() => this.#changeOwn(holder, null))
  }

  watch(onChange: () => void): () => void {
    const abort = new AbortController()
    const follow = async (): Promise<void> => {
      const changes = this.#segment.watch(this.#name, { signal: abort.signal, keepAlive: false })
      for await (const { key, value } of changes) {
        // A renewal of one's own is nothing new.
        if (key === this.#name && value?.holder?.id !== this.#id) onChange()
      }
    }
    // The segment was destroyed, and the lock with it.
    follow().catch(() => abort.signal.aborted || onChange())
    return () => abort.abort()
  }

  close(): Awaitable<void> {
    return this.#onClose(this.#segment)
  }

  /** @returns false when the lock is not this holder's any more. */
  async #changeOwn({ id }: LockHolder, next: LockHolder | null): Promise<boolean> {
    for (;;) {
      const found = this.#read()
      if (found?.holder?.id !== id) return false
      if (await this.#change(found, { token: found.token, holder: next })) return true
    }
  }

  async #isOwn({ id }: LockHolder): Promise<boolean> {
    for (;;) {
      const found = this.#read()
      if (found?.holder?.id !== id) return false
      if (await this.#change(found, found)) return true
    }
  }

  #change(found: SharedLock | undefined, next: SharedLock): Promise<boolean> {
    return this.#segment.compareAndSet(this.#name, found, next)
  }

  #read(): SharedLock | undefined {
    const value: unknown = this.#segment.get(this.#name)
    if (value === undefined || isSharedLock(value)) return value
    const message = `What is stored as "${this.#name}" in the ${this.place} is no lock. Give the locks a segment of their own (option "segment").`
    throw new SdError('SD_LOCK_SHM_FOREIGN', message, { lock: this.#name, segment: this.#segment.name })
  }
}

function isDestroyed(error: unknown): boolean {
  return (error as Partial<SdError> | undefined)?.code === 'SD_SHM_DESTROYED'
}

/** In a segment that is destroyed no lock is one's own: whoever comes next opens another one. */
async function goneWithSegment(operation: () => Promise<boolean>): Promise<boolean> {
  try {
    return await operation()
  } catch (error) {
    if (isDestroyed(error)) return false
    throw error
  }
}
