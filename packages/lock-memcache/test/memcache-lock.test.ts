import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createDaemon, type SdError } from '@sd/core'
import { Lease } from '@sd/lock'
import { type MemcachePlace, memcacheBackend, memcacheLock } from '@sd/lock-memcache'
import { createSandbox, type Memcached, type Sandbox, startMemcached, waitUntil } from '@sd/testing'
import { expirySeconds } from '../src/expiry.ts'
import { lockKeys } from '../src/lock-keys.ts'
import { parseServer } from '../src/server-address.ts'

const TTL = 3000
/** What is expected to succeed may take its time on a machine that has other work. Milliseconds. */
const PATIENCE = 20_000
let sandbox: Sandbox
let three: Memcached[]
let name: string

beforeAll(async () => {
  three = await Promise.all([startMemcached(), startMemcached(), startMemcached()])
})

afterAll(() => Promise.all(three.map((server) => server.stop())))

beforeEach(() => {
  sandbox = createSandbox()
  name = randomUUID()
})

afterEach(() => sandbox.assertNothingLeft())

async function take(place: MemcachePlace, wait = PATIENCE, ttl = TTL): Promise<Lease> {
  const lease = new Lease()
  await lease.acquire(memcacheBackend(name, { quarantine: 0, ...place }), { name, ttl, wait })
  return lease
}

function failureOf(promise: Promise<unknown>): Promise<SdError> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: SdError) => error,
  )
}

const addresses = (): string[] => three.map(({ address }) => address)
const holders = async (): Promise<number> => {
  const found = await Promise.all(three.map((server) => server.command(`get sd:lock:${name}`)))
  return found.filter((lines) => lines.length > 1).length
}

describe('several servers', () => {
  test('it is written on all, and deleted on all', async () => {
    const lease = await take({ servers: addresses() })
    await waitUntil(async () => (await holders()) === 3)
    expect((await failureOf(take({ servers: addresses() }, 0))).code).toBe('SD_LOCK_HELD')
    await lease.release()
    expect(await holders()).toBe(0)
  })

  test('it survives that a minority is started anew, and comes back there', async () => {
    for (const server of three) {
      const lease = await take({ servers: addresses() })
      await server.restart()
      expect(await lease.renew()).toBe(true)
      await waitUntil(async () => (await holders()) === 3)
      expect(await lease.check()).toBe(true)
      const { token } = lease
      await lease.release()
      const next = await take({ servers: addresses() })
      expect(next.token).toBeGreaterThan(token)
      await next.release()
    }
  })

  test('one that stalls holds up neither taking, nor renewing', async () => {
    three[0]!.signal('SIGSTOP')
    try {
      const lease = await take({ servers: addresses(), timeout: 750 })
      for (let round = 0; round < 3; round++) expect(await lease.renew()).toBe(true)
      expect((await failureOf(take({ servers: addresses(), timeout: 750 }, 0))).code).toBe('SD_LOCK_HELD')
      await lease.release()
    } finally {
      three[0]!.signal('SIGCONT')
    }
  })

  test('without a majority nobody gets it, and who has it loses it when its ttl is over', async () => {
    const lease = await take({ servers: addresses() })
    for (const server of three.slice(1)) await server.stop()
    const error = await failureOf(take({ servers: addresses() }, 0))
    expect(error.code).toBe('SD_LOCK_MEMCACHE_UNREACHABLE')
    expect(error.message).toContain(three[1]!.address)
    expect(await lease.renew()).toBe(true)
    await waitUntil(() => lease.state === 'lost', 'it is lost', TTL + 1000)
    for (const server of three.slice(1)) await server.restart()
  })

  test('of many who contend one after the other gets it, with rising tokens', async () => {
    const tokens: number[] = []
    let inside = 0
    const contend = async (): Promise<void> => {
      const lease = await take({ servers: addresses() }, Number.POSITIVE_INFINITY)
      expect(++inside).toBe(1)
      tokens.push(lease.token)
      await new Promise((resolve) => setTimeout(resolve, 1))
      inside--
      await lease.release()
    }
    await Promise.all(Array.from({ length: 12 }, contend))
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
    expect(await holders()).toBe(0)
  })
})

describe('a server that has just been started', () => {
  test('gives away no lock until who had it before has noticed', async () => {
    const [server] = three as [Memcached]
    const place = { servers: [server.address], quarantine: 10_000 }
    const holder = await take({ servers: [server.address] })
    const standby = take(place)
    const stoppedAt = performance.now()
    await server.restart()
    await waitUntil(() => holder.state === 'lost', 'the loss is noticed', TTL)
    const next = await standby
    // The quarantine is the ttl at most.
    expect(performance.now() - stoppedAt).toBeGreaterThan(TTL)
    expect(next.token).toBeGreaterThan(holder.token)
    await next.release()
  })
})

describe('what is no memcached that can keep a lock', () => {
  test('nobody listens: the daemon does not start, and says where', async () => {
    const daemon = createDaemon({ name: 'alone', interval: null, signals: false })
      .use(memcacheLock({ servers: ['127.0.0.1:1'] }))
      .execute(() => {})
    const error = await failureOf(daemon.run())
    expect(error.message).toContain('memcached at 127.0.0.1:1 cannot be reached')
    expect(error.message).toContain('option "servers"')
  })

  test('a server that runs without compare-and-swap is refused', async () => {
    const server = await startMemcached(['-C'])
    const error = await failureOf(take({ servers: [server.address] }, 0))
    await server.stop()
    expect(error).toMatchObject({ code: 'SD_LOCK_MEMCACHE_NO_CAS', server: server.address })
  })

  test.each(['', 'ERROR\r\n', 'HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(5)])(
    'a server that answers %j is refused in time',
    async (text) => {
      const sockets = new Set<Socket>()
      const server: Server = createServer((socket) => {
        sockets.add(socket)
        socket.on('error', () => {})
        socket.on('data', () => void socket.write(text))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as { port: number }
      const error = await failureOf(take({ servers: [`127.0.0.1:${port}`], timeout: 300 }, 0))
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
      expect(error.code).toBe('SD_LOCK_MEMCACHE_UNREACHABLE')
    },
  )

  test("an item that is no lock's is left alone", async () => {
    const [server] = three as [Memcached]
    await server.command(`set sd:lock:${name} 0 0 5`, 'hello')
    expect((await failureOf(take({ servers: [server.address] }, 0))).code).toBe('SD_LOCK_MEMCACHE_FOREIGN')
    expect(await server.command(`get sd:lock:${name}`)).toContain('hello')
    await server.command(`delete sd:lock:${name}`)
  })
})

test.each(['hello', '18446744073709551000'])('a counter of tokens that is %j is refused', async (value) => {
  const [server] = three as [Memcached]
  const key = `sd:lock:${name}:token`
  await server.command(`set ${key} 0 0 ${value.length}`, value)
  const error = await failureOf(take({ servers: [server.address] }, 0))
  expect(error).toMatchObject({ code: 'SD_LOCK_MEMCACHE_FOREIGN', key, server: server.address })
  expect(await server.command(`get sd:lock:${name}`)).toEqual(['END'])
  await server.command(`delete ${key}`)
})

test('a lease says that a cache may lose its lock', async () => {
  const [server] = three as [Memcached]
  const lease = await take({ servers: [server.address] }, PATIENCE, 2500)
  expect(lease.traits).toMatchObject({ durable: false, provesDeath: true })
  expect(lease.ttl).toBe(3000)
  await lease.release()
})

test('locks with other names lie beside each other, also long and strange ones', async () => {
  const [server] = three as [Memcached]
  const names = ['a', 'a:token', 'A b\n', 'ü'.repeat(300), `${'ü'.repeat(300)}2`]
  const leases = await Promise.all(
    names.map(async (other) => {
      const lease = new Lease()
      const place = { servers: [server.address], prefix: `${name}:`, quarantine: 0 }
      await lease.acquire(memcacheBackend(other, place), { name: other, ttl: TTL, wait: PATIENCE })
      return lease
    }),
  )
  expect(await Promise.all(leases.map((lease) => lease.check()))).toEqual(names.map(() => true))
  await Promise.all(leases.map((lease) => lease.release()))
  const keys = names
    .map((other) => lockKeys('p'.repeat(100), other))
    .flatMap(({ record, token }) => [record, token])
  expect(new Set(keys).size).toBe(10)
  expect(Math.max(...keys.map((key) => key.length))).toBeLessThanOrEqual(250)
})

test('an expiry is in whole seconds, and longer than the ttl by what clocks may differ', () => {
  expect([1000, 1001, 60_000, 86_400_000].map(expirySeconds)).toEqual([5, 5, 64, 86_490])
})

test.each([
  ['db1', 'db1:11211'],
  ['10.0.0.7:11212', '10.0.0.7:11212'],
  ['[::1]:11212', '[::1]:11212'],
  ['[::1]', '[::1]:11211'],
  ['::1', undefined],
  ['user:pass@db1', undefined],
  ['db1:70000', undefined],
  ['', undefined],
])('the server %j is %j', (text, wanted) => {
  expect(parseServer(text)?.name).toBe(wanted)
})

test.each<[MemcachePlace, string]>([
  [{ servers: [] }, 'option "servers" must be a list of different servers'],
  [{ servers: ['a', 'a:11211'] }, 'its number 2, "a:11211", is not'],
  [{ servers: ['memcache://a'] }, 'its number 1, "memcache://a", is not'],
  [{ prefix: 'with space' }, 'option "prefix"'],
  [{ timeout: 0 }, 'option "timeout"'],
  [{ quarantine: -1 }, 'option "quarantine"'],
  [{ server: ['a'] } as MemcachePlace, 'Did you mean "servers"?'],
])('the options %j are refused: %s', (options, message) => {
  for (const make of [() => memcacheLock(options), () => memcacheBackend('a', options)]) {
    expect(make).toThrow(message)
  }
})
