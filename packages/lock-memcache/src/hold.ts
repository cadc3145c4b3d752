import { holdLease, type RenewalData } from '@sd/lock'
import { memcacheBackend } from './memcache-backend.ts'
import type { MemcachePlace } from './options.ts'

/** What the backend is opened with. */
export interface HeldPlace {
  /** The lock's name. */
  readonly name: string
  readonly place: MemcachePlace
}

/** Renews a lease of this process from another thread, while the main thread is stopped. @returns ends it. */
export function hold(data: RenewalData<HeldPlace>): () => Promise<void> {
  return holdLease(data, ({ name, place }) => memcacheBackend(name, place))
}
