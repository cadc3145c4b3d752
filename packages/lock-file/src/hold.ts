import { holdLease, type RenewalData } from '@sd/lock'
import { fileBackend } from './file-backend.ts'

/** Renews a lease of this process from another thread, while the main thread is stopped. @returns ends it. */
export function hold(data: RenewalData<{ readonly path: string }>): () => Promise<void> {
  return holdLease(data, ({ path }) => fileBackend(path))
}
