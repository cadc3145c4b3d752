import type { Plugin } from '@sd/core'
import type { LockBackend } from './backend.ts'
import { lockPlugin } from './lock-plugin.ts'
import type { LockService } from './lock-service.ts'
import type { LockOptions } from './options.ts'

/** A lock that everybody gets: for a daemon of which there may be many, and for tests. */
export function nullLockBackend(): LockBackend {
  let token = 0
  return {
    traits: { provesDeath: true, ttlStep: 1, leastTtl: 1, durable: true },
    place: 'nowhere',
    acquire: async () => ({ token: ++token }),
    renew: async () => true,
    check: async () => true,
    release: async () => {},
    close: () => {},
  }
}

/**
 * Makes the plugin of a lock that everybody gets. It behaves as any other, its ttl included, but excludes nobody, and
 * its token is always 1.
 *
 * @throws SdError `SD_LOCK_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'reader', interval: 1000 })
 *   .use(process.env.SINGLE ? fileLock({ as: 'lock' }) : nullLock({ as: 'lock' }))
 * ```
 */
export function nullLock<const Name extends string = 'nullLock'>(
  options: LockOptions<Name> = {},
): Plugin<Name, LockService> {
  return lockPlugin('nullLock', options, {}, () => nullLockBackend())
}
