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
import { Connection } from './connection.ts'
import type { HeldPlace } from './hold.ts'
import { majorityOf } from './majority.ts'
import { memcacheBackend } from './memcache-backend.ts'
import { type MemcacheLockOptions, type MemcachePlace, memcacheChecks, resolvePlace } from './options.ts'
import type { ServerAddress } from './server-address.ts'

/** What renews the lease from another thread: source beside source, built beside built. */
const HOLD: string = pathToFileURL(ownEntry(import.meta.url, './hold.ts', './hold.js')).href

/**
 * Makes the plugin that keeps a daemon single on all machines that share a memcached, or several of them: a second
 * instance exits with 1 and names the first.
 *
 * A cache may lose what it keeps at any time; what follows from that is in the README.
 *
 * @throws SdError `SD_LOCK_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'importer', interval: 1000 })
 *   .use(memcacheLock({ servers: ['127.0.0.1:11211'] }))
 *   .execute((daemon) => daemon.log(`alone, with token ${daemon.memcacheLock.token}`))
 * ```
 */
export function memcacheLock<const Name extends string = 'memcacheLock'>(
  options: MemcacheLockOptions<Name> = {},
): Plugin<Name, LockService> {
  return lockPlugin('memcacheLock', options, memcacheChecks, open, findMissing, describeThread)
}

function open({ name, clock }: OpenContext, options: MemcacheLockOptions): LockBackend {
  return memcacheBackend(name, placeOf(options), clock)
}

function describeThread({ name }: OpenContext, options: MemcacheLockOptions): RenewalThread {
  const place = { name, place: placeOf(options) } satisfies HeldPlace
  return { module: HOLD, place }
}

function placeOf(options: MemcacheLockOptions): MemcachePlace {
  const { name: _name, ttl: _ttl, wait: _wait, as: _as, ...place } = options
  return place
}

/** Which servers do not answer, if so many that nobody could have the lock. */
async function findMissing({ clock }: OpenContext, options: MemcacheLockOptions): Promise<string[]> {
  // Who waits for the lock waits for its servers, too.
  if ((options.wait ?? 0) > 0) return []
  const { servers, timeout } = resolvePlace(options)
  const ask = async (address: ServerAddress): Promise<string[]> => {
    const connection = new Connection(address, clock, () => {})
    const until = clock.now() + timeout
    try {
      await connection.open(until)
      await connection.readUptime(until)
      return []
    } catch (thrown) {
      return [`${toError(thrown).message} Start it, or correct the option "servers".`]
    } finally {
      await connection.close()
    }
  }
  const missing = (await Promise.all(servers.map(ask))).flat()
  return servers.length - missing.length < majorityOf(servers.length) ? missing : []
}
