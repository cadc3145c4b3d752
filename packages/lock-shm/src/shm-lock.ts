import { pathToFileURL } from 'node:url'
import { type Plugin, toError } from '@sd/core'
import { ownEntry } from '@sd/core/own-entry'
import {
  type LockBackend,
  type LockService,
  lockPlugin,
  type OpenContext,
  type RenewalThread,
} from '@sd/lock'
import type { Segment } from '@sd/shm'
import type { HeldPlace } from './hold.ts'
import { openLockSegment } from './open-lock-segment.ts'
import { defaultSegment, type ShmLockOptions, shmChecks } from './options.ts'
import type { SharedLocks } from './shared-lock.ts'
import { ShmBackend } from './shm-backend.ts'

/** What renews the lease from another thread: source beside source, built beside built. */
const HOLD: string = pathToFileURL(ownEntry(import.meta.url, './hold.ts', './hold.js')).href

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
  return lockPlugin('shmLock', options, shmChecks, open, findMissing, describeThread)
}

async function open({ name }: OpenContext, options: ShmLockOptions): Promise<LockBackend> {
  const openIt = (): Promise<Segment<SharedLocks>> => openLockSegment(options.segment ?? defaultSegment)
  return new ShmBackend(await openIt(), name, (segment) => segment.close(), openIt)
}

function describeThread({ name }: OpenContext, options: ShmLockOptions): RenewalThread {
  const place = { name, segment: options.segment ?? defaultSegment } satisfies HeldPlace
  return { module: HOLD, place }
}

async function findMissing(_: OpenContext, options: ShmLockOptions): Promise<string[]> {
  try {
    const segment = await openLockSegment(options.segment ?? defaultSegment)
    await segment.close()
    return []
  } catch (thrown) {
    return [toError(thrown).message]
  }
}
