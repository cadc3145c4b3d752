import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { connectControl, listDaemons } from '@sd/control/client'
import { createSandbox, type Sandbox } from '@sd/testing'

let sandbox: Sandbox
let server: Server | undefined

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
  await sandbox.assertNothingLeft()
})

const introduction = { protocol: 1, name: 'liar', pid: process.pid, processStart: null, program: null }

/** Listens as a daemon that introduces itself as it should, and then says these lines. */
async function listen(lines: (id: number) => string): Promise<string> {
  const path = join(sandbox.dir, 'liar.sock')
  server = createServer((client) => {
    client.on('error', () => {})
    client.on('data', (bytes) => {
      for (const line of String(bytes).trim().split('\n')) {
        const { id, method } = JSON.parse(line)
        const answer = JSON.stringify({ jsonrpc: '2.0', id, result: introduction })
        client.write(`${method === 'version' ? answer : lines(id)}\n`)
      }
    })
  })
  await new Promise<void>((resolve) => server!.listen(path, resolve))
  return path
}

test.each(['null', '5', '"text"', 'true', 'no JSON', '\u0000'])(
  'a daemon that says %s is hung up on',
  async (line) => {
    const client = await connectControl(await listen(() => line))
    await expect(client.call('status')).rejects.toMatchObject({ code: 'SD_CONTROL_GONE' })
    await client.closed
  },
)

test.each<[string, unknown]>([
  ['no message', {}],
  ['a number', 5],
  ['a message that clears the screen', { code: 1, message: '\u001b[2J', data: null }],
  [
    'facts that are what every error has',
    { code: 1, message: 'x', data: JSON.parse('{"toString":1,"__proto__":{"a":1},"stack":2,"code":[]}') },
  ],
])('an error with %s is an error', async (_, error) => {
  const client = await connectControl(await listen((id) => JSON.stringify({ jsonrpc: '2.0', id, error })))
  const thrown = await client.call('status').then(
    () => undefined,
    (reason: Error) => reason,
  )
  await client.close()
  expect(thrown).toMatchObject({ code: 'SD_CONTROL_RPC' })
  expect(thrown).not.toHaveProperty('a')
  expect(String(thrown)).toMatch(/^SdError: [ -~]*$/)
})

test.each(['null', '[1]', '"text"'])('a notification with %s has no parameters', async (params) => {
  const path = await listen((id) => `{"method":"logs","params":${params}}\n{"id":${id},"result":null}`)
  const client = await connectControl(path)
  const told: unknown[] = []
  client.on('logs', (given) => told.push(given))
  expect(await client.call('logs')).toBeNull()
  await client.close()
  expect(told).toEqual([{}])
})

test('a line of a hundred thousand levels is listed as what it is', async () => {
  const path = await listen((id) => `{"id":${id},"result":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
  const client = await connectControl(path)
  expect(Array.isArray(await client.call('status'))).toBe(true)
  await client.close()
  expect(await listDaemons({ directory: sandbox.dir })).toMatchObject([{ name: 'liar', state: 'alive' }])
})
