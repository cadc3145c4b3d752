import { holdLease, type RenewalData } from '@sd/lock'
import { openLockSegment } from './open-lock-segment.ts'
import { shmBackend } from './shm-backend.ts'

/** What the backend is opened with. */
export interface HeldPlace {
  /** The lock's name. */
  readonly name: string
  readonly segment: string
}

/** Renews a lease of this process from another thread, while the main thread is stopped. @returns ends it. */
export function hold(data: RenewalData<HeldPlace>): () => Promise<void> {
  return holdLease(data, async ({ name, segment: segmentName }) => {
    const segment = await openLockSegment(segmentName)
    return shmBackend(segment, name, () => segment.close())
  })
}
