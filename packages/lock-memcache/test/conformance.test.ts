import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from '@jest/globals'
import { describeLock, type LockServer } from '@sd/lock-conformance'
import { type Memcached, startMemcached, waitUntil } from '@sd/testing'
import memcacheModule, { joinPlace } from './memcache-module.ts'

let memcached: Memcached

beforeAll(async () => {
  memcached = await startMemcached()
})

afterAll(async () => {
  try {
    // The server notices a moment later that a connection is closed, also one that asked this before.
    await waitUntil(async () => (await countConnections()) === 0, 'all connections are closed')
  } finally {
    await memcached.stop()
  }
})

/** Connections, apart from the one that asks. */
async function countConnections(): Promise<number> {
  const lines = await memcached.command('stats conns')
  return lines.filter((line) => /:addr tcp:127\.0\.0\.1:\d+/.test(line)).length - 2
}

// SD_SOAK=1 runs it at full size.
describeLock(
  {
    name: 'the memcached lock',
    module: new URL('./memcache-module.ts', import.meta.url),
    provesDeath: true,
    ttl: 1000,
    start(): LockServer {
      const prefix = `${randomUUID()}:`
      return {
        place: joinPlace([memcached.address], prefix),
        async leftovers() {
          // The last token stays.
          const keys = await memcached.keys(prefix)
          return keys.filter((key) => !key.endsWith(':token'))
        },
        stop: () => {},
      }
    },
  },
  memcacheModule,
)
