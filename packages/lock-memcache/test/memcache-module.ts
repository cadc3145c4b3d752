import type { LockHolder } from '@sd/lock'
import type { LockModule } from '@sd/lock-conformance'
import { memcacheBackend, memcacheLock } from '@sd/lock-memcache'
import { Client } from 'memjs'
import { expirySeconds } from '../src/expiry.ts'
import { lockKeys } from '../src/lock-keys.ts'

/** What the suite's locks have in common; the place is the servers and the prefix, separated by a space. */
const NAME = 'conformance'

export function joinPlace(servers: readonly string[], prefix: string): string {
  return [...servers, prefix].join(' ')
}

function splitPlace(place: string): { servers: string[]; prefix: string; quarantine: number } {
  const parts = place.split(' ')
  // The servers of the tests have just been started.
  return { servers: parts.slice(0, -1), prefix: parts.at(-1)!, quarantine: 0 }
}

/** Writes a record on one server, whatever is there. */
export async function overwrite(server: string, key: string, holder: LockHolder): Promise<void> {
  const client = Client.create(server, { timeout: 30 })
  try {
    await client.set(key, JSON.stringify(holder), { expires: expirySeconds(holder.ttl) })
  } finally {
    client.close()
  }
}

const memcacheModule: LockModule = {
  open(place) {
    return memcacheBackend(NAME, splitPlace(place))
  },
  plugin: (place, options) => memcacheLock({ name: NAME, ...splitPlace(place), ...options }),
  async leaveBehind(place, holder) {
    const { servers, prefix } = splitPlace(place)
    const { record } = lockKeys(prefix, NAME)
    await Promise.all(servers.map((server) => overwrite(server, record, holder)))
  },
}

export default memcacheModule
