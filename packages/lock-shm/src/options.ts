import { type Check, must } from '@sd/core'
import type { LockOptions } from '@sd/lock'

/** Options of {@link shmLock}. */
export interface ShmLockOptions<Name extends string = string> extends LockOptions<Name> {
  /** The segment of shared memory that the lock is in, with others. @default 'locks' */
  segment?: string
}

/** The segment, unless another is named. */
export const defaultSegment = 'locks'

/** What the options must be that only this plugin has. */
export const shmChecks: { readonly segment: Check } = { segment: must.beText }
