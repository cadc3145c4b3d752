import { isHolder, type LockHolder } from '@sd/lock'

/** A lock as it lies in shared memory. */
export interface SharedLock {
  /** The last one that was given. It stays when the lock is free: the next is greater. */
  readonly token: number
  /** Null: the lock is free. */
  readonly holder: LockHolder | null
}

/** A segment that holds locks: each under its name. */
export interface SharedLocks {
  [name: string]: SharedLock
}

/** Whether it is a lock, and not another program's. */
export function isSharedLock(value: unknown): value is SharedLock {
  if (typeof value !== 'object' || value === null) return false
  const { token, holder } = value as Partial<SharedLock>
  return Number.isSafeInteger(token) && (holder === null || isHolder(holder))
}
