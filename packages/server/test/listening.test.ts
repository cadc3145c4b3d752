import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { runFixture } from '@sd/testing'
import { connectClient } from './line-client.ts'
import { testServers } from './test-servers.ts'

const { sandbox, start } = testServers()

const hello = (server: { command(pattern: RegExp, handler: () => string): unknown }): void => {
  server.command(/^hi$/, () => 'hello')
}

/** Starts a process that serves a path. */
function startProcess(path: string, prefix: readonly string[] = []) {
  const file = new URL('./fixtures/path-server.ts', import.meta.url)
  return runFixture(file, { args: [path], env: sandbox().env, prefix })
}

describe('a port', () => {
  test('that is in use is a failed start that names it', async () => {
    const { server } = await start({}, hello)
    const { port } = server
    await expect(start({ listen: { port: port! } })).rejects.toMatchObject({
      code: 'SD_SERVER_IN_USE',
      address: `127.0.0.1:${port}`,
      message: expect.stringMatching(
        new RegExp(`Cannot listen on 127.0.0.1:${port}: it is in use.*another port`),
      ),
    })
  })

  test.each([
    [{ port: 0, host: '203.0.113.1' }, /this machine has no such address/],
    [{ port: 0, host: 'no.such.host.invalid' }, /the host is not known/],
  ])('that cannot be had is explained: %j', async (listen, message) => {
    await expect(start({ listen })).rejects.toMatchObject({
      code: 'SD_SERVER_LISTEN',
      message: expect.stringMatching(message),
    })
  })

  test('is free again at once', async () => {
    const first = await start({}, hello)
    const { port } = first.server
    const client = first.connect()
    await client.ask('hi')
    await first.stop()
    const second = await start({ listen: { port: port! } }, hello)
    expect(await second.connect().ask('hi')).toBe('hello')
  })
})

describe('a unix socket', () => {
  const path = (): string => join(sandbox().dir, 'server.sock')

  test('is for the own user only, serves, and is gone at the end', async () => {
    const { connect, server, stop } = await start({ listen: { path: path() } }, hello)
    expect(server.address).toBe(path())
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    const client = connect()
    expect(await client.ask('hi')).toBe('hello')
    client.socket.end()
    await client.closed
    await stop()
    expect(readdirSync(sandbox().dir)).toEqual([])
  })

  test('has the mode that is asked for', async () => {
    await start({ listen: { path: path(), mode: 0o660 } })
    expect(statSync(path()).mode & 0o777).toBe(0o660)
  })

  test('that is served is never stolen', async () => {
    const { connect } = await start({ listen: { path: path() } }, hello)
    const { ino } = statSync(path())
    await expect(start({ listen: { path: path() } })).rejects.toMatchObject({ code: 'SD_SERVER_IN_USE' })
    expect(statSync(path()).ino).toBe(ino)
    expect(await connect().ask('hi')).toBe('hello')
    expect(readdirSync(sandbox().dir)).toEqual(['server.sock'])
  })

  test('that a killed process left is replaced', async () => {
    const killed = startProcess(path())
    await killed.waitForLine(/^serving$/)
    killed.kill()
    await killed.exit
    expect(existsSync(path())).toBe(true)
    const { connect } = await start({ listen: { path: path() } }, hello)
    expect(await connect().ask('hi')).toBe('hello')
  })

  test('is not removed when it is somebody else’s by now', async () => {
    const { stop } = await start({ listen: { path: path() } })
    renameSync(path(), `${path()}.away`)
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(path(), resolve))
    await stop()
    expect(existsSync(path())).toBe(true)
    await new Promise((resolve) => other.close(resolve))
    unlinkSync(`${path()}.away`)
  })

  test('does not replace a file of another kind', async () => {
    writeFileSync(path(), 'precious')
    await expect(start({ listen: { path: path() } })).rejects.toMatchObject({
      code: 'SD_SERVER_LISTEN',
      message: expect.stringContaining('a file of another kind'),
    })
    expect(lstatSync(path()).isFile()).toBe(true)
  })

  test('whose path is too long, or whose directory is missing, is told before anything starts', async () => {
    await expect(start({ listen: { path: `/tmp/${'x'.repeat(110)}` } })).rejects.toMatchObject({
      code: 'SD_CORE_ENVIRONMENT',
      message: expect.stringMatching(/too long for a unix socket/),
    })
    await expect(start({ listen: { path: join(sandbox().dir, 'none', 's') } })).rejects.toMatchObject({
      code: 'SD_CORE_ENVIRONMENT',
      message: expect.stringMatching(/none does not exist/),
    })
  })

  test('in a directory that may not be written is a failed start', async () => {
    chmodSync(sandbox().dir, 0o500)
    // Root may write anywhere, unless it has given that power up.
    const prefix = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : []
    const refused = startProcess(path(), prefix)
    await refused.waitForLine(/^SD_SERVER_LISTEN$/)
    await refused.exit
    chmodSync(sandbox().dir, 0o700)
    expect(readdirSync(sandbox().dir)).toEqual([])
  })

  test('that many want at once is had by one', async () => {
    for (let round = 0; round < 3; round++) {
      const killed = startProcess(path())
      await killed.waitForLine(/^serving$/)
      killed.kill()
      await killed.exit
      const contenders = Array.from({ length: 4 }, () => startProcess(path()))
      const outcomes = await Promise.all(
        contenders.map(
          async (contender) => (await contender.waitForLine(/^(serving|SD_SERVER_\w+)$/, 30_000))[0],
        ),
      )
      expect(outcomes.sort()).toEqual([...Array(3).fill('SD_SERVER_IN_USE'), 'serving'])
      const client = connectClient(path())
      expect(await client.ask('pid')).toMatch(/^\d+$/)
      client.socket.destroy()
      for (const contender of contenders) contender.kill('SIGTERM')
      await Promise.all(contenders.map((contender) => contender.exit))
      expect(readdirSync(sandbox().dir)).toEqual([])
    }
  })
})
