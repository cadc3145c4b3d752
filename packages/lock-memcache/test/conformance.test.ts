import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from '@jest/globals'
import { describeLock, type LockServer } from '@sd/lock-conformance'
import { type Memcached, startMemcached, waitUntil } from '@sd/testing'
import memcacheModule, { joinPlace } from './memcache-module.ts'

let memcached: Memcached

beforeAll(async () => {
  memcached = await startMemcached()
})

afterAll(() => memcached.stop())

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
          // The server notices a moment later that a connection is closed, also one that asked this before.
          let connections = 0
          const areClosed = async (): Promise<boolean> => {
            connections = await countConnections()
            return connections === 0
          }
          await waitUntil(areClosed).catch(() => {})
          const keys = await memcached.keys(prefix)
          // The last token stays.
          const left = keys.filter((key) => !key.endsWith(':token'))
          return connections > 0 ? [...left, `${connections} connections`] : left
        },
        stop: () => {},
      }
    },
  },
  memcacheModule,
)
