import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { readInspectorStack } from '../src/inspector-stack.ts'
import { isOwnInspector } from '../src/own-inspector.ts'

const THEM = 54_321
const testAsRoot = process.getuid?.() === 0 ? test : test.skip
const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const addressOf = (port: number): string => `ws://127.0.0.1:${port}/x`

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  ends.push(() => new Promise((resolve) => server.close(resolve)))
  return addressOf((server.address() as AddressInfo).port)
}

/** Speaks WebSocket, and says one message of text. */
async function say(message: string): Promise<string> {
  const server = createServer()
  server.on('upgrade', ({ headers }, socket) => {
    const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    socket.on('error', () => {}).resume()
    socket.once('end', () => socket.end())
    const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
    const text = Buffer.from(message)
    socket.write(Buffer.concat([Buffer.from(head), Buffer.from([0x81, text.length]), text]))
    ends.push(async () => socket.destroy())
  })
  return listen(server)
}

describe('the address of an inspector', () => {
  test('is one at which this user listens', async () => {
    const server = createTcpServer()
    const address = await listen(server)
    expect(await isOwnInspector(address)).toBe(true)
    for (const end of ends.splice(0).reverse()) await end()
    expect(await isOwnInspector(address)).toBe(process.platform !== 'linux')
  })

  testAsRoot('is not one at which another user listens', async () => {
    const program = `const s = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))`
    const child: ChildProcess = spawn(process.execPath, ['-e', program], {
      uid: THEM,
      gid: THEM,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    ends.push(async () => {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    })
    const [port] = await once(child.stdout!, 'data')
    expect(await isOwnInspector(addressOf(Number(port)))).toBe(false)
  })
})

test.each([
  ['no JSON', 'no JSON'],
  ['no object', 'null'],
  ['frames that are none', '{"method":"Debugger.paused","params":{"callFrames":[null]}}'],
  ['no list of frames', '{"method":"Debugger.paused","params":{"callFrames":7}}'],
])('an inspector that says %s has no stack', async (_, message) => {
  expect(await readInspectorStack(await say(message), AbortSignal.timeout(20_000))).toBeUndefined()
})
