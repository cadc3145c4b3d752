import type { Lease } from './lease.ts'

/** What a daemon offers of a lock: `daemon.fileLock`. The lease, without the power to end it. */
export interface LockService
  extends Pick<
    Lease,
    'state' | 'traits' | 'token' | 'ttl' | 'holder' | 'signal' | 'isStillMine' | 'check' | 'renew'
  > {}
