import { type Plugin, toError } from '@sd/core'
import { type LockBackend, type LockService, lockPlugin, type OpenContext } from '@sd/lock'
import { openSegment } from '@sd/shm'
import { defaultSegment, type ShmLockOptions, shmChecks } from './options.ts'
import type { SharedLocks } from './shared-lock.ts'
import { shmBackend } from './shm-backend.ts'

/** Locks are small. Bytes. */
const SIZE = 4 * 1024 * 1024

/**
 * Makes the plugin that keeps a daemon single on its machine, for one user, through shared memory: a second instance
 * exits with 1 and names the first. A holder that was killed is taken over from at once.
 *
 * @throws SdError `SD_LOCK_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'importer', interval: 1000 })
 *   .use(shmLock())
 *   .execute((daemon) => daemon.log(`alone, with token ${daemon.shmLock.token}`))
 * ```
 */
export function shmLock<const Name extends string = 'shmLock'>(
  options: ShmLockOptions<Name> = {},
): Plugin<Name, LockService> {
  return lockPlugin('shmLock', options, shmChecks, open, findMissing)
}

async function open({ name }: OpenContext, options: ShmLockOptions): Promise<LockBackend> {
  const segment = await openSegment<SharedLocks>(options.segment ?? defaultSegment, { size: SIZE })
  return shmBackend(segment, name, () => segment.close())
}

async function findMissing(_: OpenContext, options: ShmLockOptions): Promise<string[]> {
  try {
    const segment = await openSegment(options.segment ?? defaultSegment, { size: SIZE })
    await segment.close()
    return []
  } catch (thrown) {
    return [toError(thrown).message]
  }
}
