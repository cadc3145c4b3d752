import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Lease } from '@sd/lock'
import { createSandbox, type Sandbox, waitUntil } from '@sd/testing'
import { memcacheBackend } from '../src/index.ts'

let sandbox: Sandbox
let server: Server
let sockets: Socket[]
/** What the server does with each request. */
let answer: (request: Buffer, socket: Socket) => void

beforeEach(async () => {
  sandbox = createSandbox()
  sockets = []
  server = createServer((socket) => {
    sockets.push(socket)
    socket.on('data', (request) => answer(request, socket))
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  server.close()
  await once(server, 'close')
  await sandbox.assertNothingLeft()
})

/** @returns the code of what taking the lock fails with. */
async function fail(timeout = 300): Promise<string> {
  const { port } = server.address() as AddressInfo
  const place = { servers: [`127.0.0.1:${port}`], timeout, quarantine: 0 }
  const error = await new Lease()
    .acquire(memcacheBackend('test', place), { name: 'test', ttl: 600_000 })
    .then(
      () => ({ code: 'taken' }),
      (thrown) => thrown,
    )
  return error.code
}

/** A response to a request, with whatever it is to say. */
function respond(
  request: Buffer,
  fields: { status?: number; body?: Buffer; length?: number; key?: number },
): Buffer {
  const { status = 0, body = Buffer.alloc(0), length = body.length, key = 0 } = fields
  const header = Buffer.alloc(24)
  header[0] = 0x81
  header[1] = request[1]!
  header.writeUInt16BE(key, 2)
  header.writeUInt16BE(status, 6)
  header.writeUInt32BE(length, 8)
  // The number by which the client knows its request.
  request.copy(header, 12, 12, 16)
  header.writeUInt32BE(1, 20)
  return Buffer.concat([header, body])
}

test('an answer without an end is not listened to for long', async () => {
  const chunk = Buffer.alloc(65_536)
  answer = (request, socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
      if (!socket.destroyed) socket.once('drain', pour)
    }
    socket.write(respond(request, { length: 0xffffffff }))
    pour()
  }
  expect(await fail(60_000)).toBe('SD_LOCK_MEMCACHE_UNREACHABLE')
  await waitUntil(() => sockets.every(({ destroyed }) => destroyed), 'its connections are closed')
  // What the system has buffered on its way counts, too.
  for (const socket of sockets) expect(socket.bytesWritten).toBeLessThan(16 * 1024 * 1024)
})

test('a server that always has somebody be faster is given up in time', async () => {
  answer = (request, socket) => socket.write(respond(request, { status: request[1] === 0 ? 1 : 2 }))
  expect(await fail()).toBe('SD_LOCK_MEMCACHE_UNREACHABLE')
})

test.each([0, 4, 9, 100])('a counter of %d bytes is no token', async (length) => {
  answer = (request, socket) => {
    // Nothing is there, everything can be stored, and the counter is nonsense.
    if (request[1] === 0) socket.write(respond(request, { status: 1 }))
    else socket.write(respond(request, { body: Buffer.alloc(request[1] === 5 ? length : 0, 1) }))
  }
  expect(await fail()).toMatch(/^SD_LOCK_MEMCACHE_/)
})

const records: Readonly<Record<string, string>> = {
  'that is cut off': '{',
  'that is nothing': 'null',
  'that is nested for ever': `{"__proto__":${'['.repeat(5000)}`,
  'with control characters': JSON.stringify(forge({ host: 'web\u001b[2J' })),
  'whose token has no next one': JSON.stringify(forge({ token: 2 ** 53 })),
  'whose ttl is a text': JSON.stringify(forge({ ttl: '1e9' })),
}

test.each(Object.entries(records))('a record %s is refused', async (_, record) => {
  answer = (request, socket) =>
    socket.write(respond(request, { body: Buffer.concat([Buffer.alloc(4), Buffer.from(record)]) }))
  expect(await fail()).toBe('SD_LOCK_MEMCACHE_FOREIGN')
})

test('whatever a server answers is an error of the lock, and no crash', async () => {
  let state = 7
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  answer = (request, socket) => {
    const body = Buffer.from(Array.from({ length: random(40) }, () => random(256)))
    const response = respond(request, {
      status: [0, 1, 2, 0x20, 0x82, 999][random(6)]!,
      body,
      key: random(3),
    })
    for (let n = random(4); n > 0; n--) response[random(response.length)] = random(256)
    socket.write(response.subarray(0, random(8) === 0 ? random(response.length) : response.length))
    if (random(10) === 0) socket.end()
  }
  const codes = new Set<string>()
  for (let round = 0; round < 60; round++) codes.add(await fail())
  expect([...codes].filter((code) => !/^SD_LOCK_/.test(code) && code !== 'taken')).toEqual([])
}, 120_000)

/** A record that a server makes up. */
function forge(changes: object): object {
  const times = { token: 1, ttl: 1000, renewals: 0, renewedAt: 1, since: '2026-01-01T00:00:00.000Z' }
  const who = {
    id: 'x',
    name: 'test',
    pid: 7,
    startTime: '1',
    thread: 0,
    host: 'web',
    boot: 'b',
    namespaces: '',
  }
  return { ...who, ...times, ...changes }
}
