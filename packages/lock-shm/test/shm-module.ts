import type { LockModule } from '@sd/lock-conformance'
import { type SharedLocks, shmBackend, shmLock } from '@sd/lock-shm'
import { openSegment, type Segment } from '@sd/shm'

/** The lock of all tests. */
export const lockName = 'test'

/** @param place - the directory of the segments. */
export function openLocks(place: string): Promise<Segment<SharedLocks>> {
  process.env.SD_SHM_DIR = place
  return openSegment<SharedLocks>('locks', { size: 1_048_576 })
}

const shmModule: LockModule = {
  async open(place) {
    const segment = await openLocks(place)
    return shmBackend(segment, lockName, () => segment.close())
  },
  plugin(place, options) {
    process.env.SD_SHM_DIR = place
    return shmLock({ ...options, name: lockName })
  },
  async leaveBehind(place, holder) {
    const segment = await openLocks(place)
    await segment.put(lockName, { token: holder.token, holder })
    await segment.close()
  },
}

export default shmModule
