import { openSegment, type Segment } from '@sd/shm'
import type { SharedLocks } from './shared-lock.ts'

/** Locks are small. Bytes. */
const SIZE = 4 * 1024 * 1024

/** Opens the segment that locks are in, or makes it. */
export function openLockSegment(name: string): Promise<Segment<SharedLocks>> {
  return openSegment<SharedLocks>(name, { size: SIZE })
}
