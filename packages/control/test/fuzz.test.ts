import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { connectControl } from '@sd/control/client'
import { createSandbox, type Fixture, runFixture, type Sandbox } from '@sd/testing'

/** As many as the contract has, or enough to meet each kind a thousand times. */
const MESSAGES = process.env.SD_SOAK ? 200_000 : 20_000
const CLIENTS = 4

/** Whatever is said to it, the daemon has no more at a time. MiB. */
const MOST_HEAP = 128
/** What is left of it afterwards: compiled code, records of the log. Bytes. */
const MOST_LEFT = 16 * 1024 * 1024

let sandbox: Sandbox
let daemon: Fixture
let path: string

beforeEach(async () => {
  sandbox = createSandbox()
  daemon = runFixture(new URL('./fixtures/target.ts', import.meta.url), {
    env: { ...sandbox.env, SD_RUN_DIR: join(sandbox.dir, 'run') },
    execArgv: ['--expose-gc', `--max-old-space-size=${MOST_HEAP}`],
  })
  path = (await daemon.waitForLine(/^up (.*)$/))[1]!
})

afterEach(async () => {
  daemon.kill('SIGUSR2')
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
  await sandbox.assertNothingLeft()
})

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Makes messages of all kinds, most of them wrong. */
function createMessages(seed: number): () => Buffer {
  const random = createRandom(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const methods = [
    'version',
    'status',
    'stats',
    'calls',
    'logs',
    'unfollow',
    'console',
    'rpc.x',
    '',
    'toString',
  ]
  const values = [
    null,
    true,
    0,
    -1,
    1e308,
    '',
    'x',
    '\u0000',
    '\ud800',
    [],
    {},
    [[]],
    { lines: 1 },
    { lines: '1' },
  ]
  const ids = [1, 'a', null, undefined, -0, 1.5, {}, [], true, '\n']
  const json = (value: unknown): string => JSON.stringify(value) ?? 'undefined'
  const request = (): Record<string, unknown> => ({
    jsonrpc: pick(['2.0', '2.0', '2.0', '1.0', 2, undefined]),
    method: pick([...methods, ...methods, pick(values)]),
    params: pick([
      undefined,
      {},
      { lines: 0 },
      { lines: 1e9 },
      { subscription: 1 },
      { follow: 'x' },
      pick(values),
    ]),
    id: pick(ids),
  })
  const broken = (): Buffer => {
    const bytes = Buffer.from(json(request()))
    for (let n = 1 + random() * 4; n > 0; n--) bytes[Math.floor(random() * bytes.length)] = random() * 256
    return bytes
  }
  const kinds: (() => string | Buffer)[] = [
    () => json(request()),
    () => json(request()),
    broken,
    () => json(Array.from({ length: random() * 5 }, request)),
    () => Buffer.from(Array.from({ length: random() * 60 }, () => random() * 256)),
    () =>
      `{"__proto__":{"method":"x"},"jsonrpc":"2.0","method":"version","id":1,"constructor":${json(pick(values))}}`,
    () => json(request()).slice(0, Math.floor(random() * 40)),
    () => (random() < 0.01 ? '['.repeat(50_000) : '[[[[]]]]'),
    () => (random() < 0.01 ? json({ jsonrpc: '2.0', method: 'x'.repeat(60_000), id: 1 }) : ''),
    () => '\r',
  ]
  return () => Buffer.concat([Buffer.from(pick(kinds)()), Buffer.from('\n')])
}

/** Sends messages as fast as they are taken, and reads what comes back. @returns the bytes that came. */
async function bombard(socket: Socket, count: number, next: () => Buffer): Promise<number> {
  let read = 0
  socket.on('data', (chunk) => {
    read += chunk.length
  })
  for (let sent = 0; sent < count; ) {
    const batch: Buffer[] = []
    for (let n = 0; n < 50 && sent < count; n++, sent++) batch.push(next())
    if (!socket.write(Buffer.concat(batch))) await once(socket, 'drain')
  }
  socket.end()
  await once(socket, 'close')
  return read
}

async function connected(): Promise<Socket> {
  const socket = connect(path)
  await once(socket, 'connect')
  return socket
}

/** Bytes that the daemon has in use. */
async function memoryInUse(): Promise<number> {
  const client = await connectControl(path)
  const bytes = await client.call('memory')
  await client.close()
  return Number(bytes)
}

describe('a daemon on whose control socket anything is said', () => {
  test(
    `is unharmed by ${MESSAGES.toLocaleString('en')} messages`,
    async () => {
      const seed = Number(process.env.SD_SEED ?? Date.now() % 1e9)
      const before = await memoryInUse()
      const clients = Array.from({ length: CLIENTS }, async (_, n) =>
        bombard(await connected(), MESSAGES / CLIENTS, createMessages(seed + n)),
      )
      const idle = connected()
      const read = await Promise.all(clients)
      try {
        expect(Math.min(...read)).toBeGreaterThan(MESSAGES / CLIENTS)
        const client = await connectControl(path)
        expect(await client.call('status')).toMatchObject({ pid: daemon.pid, state: 'running' })
        await client.close()
        expect((await memoryInUse()) - before).toBeLessThan(MOST_LEFT)
      } catch (cause) {
        throw new Error(`With SD_SEED=${seed}`, { cause })
      }
      ;(await idle).destroy()
    },
    60_000 + MESSAGES,
  )

  test('tells a line that is too long to end, and serves the others meanwhile', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, connected))
    const closed = clients.map((socket) => once(socket, 'close'))
    for (const socket of clients) {
      socket.on('error', () => {}).resume()
      socket.write('x'.repeat(200_000))
    }
    const client = await connectControl(path)
    expect(await client.call('version')).toMatchObject({ pid: daemon.pid })
    await client.close()
    await Promise.all(closed)
  })

  test('is out of reach for another user, even where the directory is not', async () => {
    // Only root can be somebody else; where the tests do not run as root there is nobody to try it with.
    if (process.getuid?.() !== 0) return
    for (const directory of [sandbox.dir, join(sandbox.dir, 'run')]) chmodSync(directory, 0o755)
    const script = `require('node:net').connect(process.argv[1]).on('connect', () => console.log('connected')).on('error', (e) => console.log(e.code))`
    const answer = await new Promise<string>((resolve, reject) => {
      const options = { uid: 65_534, gid: 65_534, cwd: '/' }
      execFile(process.execPath, ['-e', script, path], options, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      )
    })
    expect(answer).toBe('EACCES\n')
  })
})
