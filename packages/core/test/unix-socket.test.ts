import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { listenOnPath, listPathProblems, removeUnservedSocket } from '@sd/core/unix-socket'
import { createSandbox, runFixture, type Sandbox } from '@sd/testing'

let sandbox: Sandbox
let servers: Server[]
let path: string

beforeEach(() => {
  sandbox = createSandbox()
  servers = []
  path = join(sandbox.dir, 'x.sock')
})

afterEach(async () => {
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  await sandbox.assertNothingLeft()
})

function makeServer(): Server {
  const server = createServer((socket) => socket.destroy())
  servers.push(server)
  return server
}

/** A process that listens, and is killed. */
async function leaveStaleSocket(): Promise<void> {
  const holder = runFixture(new URL('./fixtures/socket-holder.ts', import.meta.url), {
    env: sandbox.env,
    args: [path],
  })
  await holder.waitForLine(/^listening$/)
  holder.kill('SIGKILL')
  await holder.exit
  expect(existsSync(path)).toBe(true)
}

describe('a unix socket', () => {
  test('has its permissions from the beginning, leaves no temporary file, and goes when released', async () => {
    const release = await listenOnPath(makeServer(), { path })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(sandbox.dir)).toEqual(['x.sock'])
    release()
    expect(readdirSync(sandbox.dir)).toEqual([])
    release()
  })

  test('can be open to others', async () => {
    await listenOnPath(makeServer(), { path, mode: 0o666 })
    expect(statSync(path).mode & 0o777).toBe(0o666)
  })

  test('that lives is not taken from whoever serves it', async () => {
    await listenOnPath(makeServer(), { path })
    const before = statSync(path).ino
    await expect(listenOnPath(makeServer(), { path })).rejects.toMatchObject({
      code: 'SD_CORE_SOCKET_IN_USE',
    })
    expect(statSync(path).ino).toBe(before)
  })

  test('of a dead process is replaced, by one of many who try', async () => {
    await leaveStaleSocket()
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, () => listenOnPath(makeServer(), { path })),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of tries) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'SD_CORE_SOCKET_IN_USE' })
    }
  })

  test('that another one has replaced is not removed', async () => {
    const release = await listenOnPath(makeServer(), { path })
    unlinkSync(path)
    await listenOnPath(makeServer(), { path })
    release()
    expect(existsSync(path)).toBe(true)
  })

  test.each([
    ['a file', () => writeFileSync(path, 'precious')],
    ['a directory', () => mkdirSync(path)],
    ['a link', () => symlinkSync('/nowhere', path)],
  ])('is not put in the place of %s', async (_, occupy) => {
    occupy()
    await expect(listenOnPath(makeServer(), { path })).rejects.toMatchObject({ code: 'SD_CORE_SOCKET', path })
    expect(readdirSync(sandbox.dir)).toEqual(['x.sock'])
  })
})

describe('what a dead process has left', () => {
  test('is removed, by one of several who try', async () => {
    await leaveStaleSocket()
    const removed = await Promise.all(Array.from({ length: 5 }, () => removeUnservedSocket(path)))
    expect(removed.filter(Boolean)).toHaveLength(1)
    expect(readdirSync(sandbox.dir)).toEqual([])
  })

  test('is not removed where somebody serves it again', async () => {
    for (let round = 0; round < 10; round++) {
      await leaveStaleSocket()
      const [release] = await Promise.all([listenOnPath(makeServer(), { path }), removeUnservedSocket(path)])
      expect(existsSync(path)).toBe(true)
      expect(await removeUnservedSocket(path)).toBe(false)
      release()
    }
  })

  test('is left alone where it is no socket, or nothing', async () => {
    expect(await removeUnservedSocket(path)).toBe(false)
    writeFileSync(path, '')
    expect(await removeUnservedSocket(path)).toBe(false)
    unlinkSync(path)
    symlinkSync(sandbox.dir, path)
    expect(await removeUnservedSocket(path)).toBe(false)
    expect(readdirSync(sandbox.dir)).toEqual(['x.sock'])
  })
})

describe('a path that cannot be right', () => {
  test('is told of in words', () => {
    expect(listPathProblems({ path })).toEqual([])
    expect(listPathProblems({ path: join(sandbox.dir, 'x'.repeat(200)) })).toEqual([
      expect.stringMatching(/too long for a unix socket/),
    ])
    expect(listPathProblems({ path: join(sandbox.dir, 'none', 'x') })).toEqual([
      expect.stringMatching(/none does not exist/),
    ])
    writeFileSync(join(sandbox.dir, 'file'), '')
    expect(listPathProblems({ path: join(sandbox.dir, 'file', 'x') })).toHaveLength(1)
  })

  test('is an error', async () => {
    const none = join(sandbox.dir, 'none', 'x')
    await expect(listenOnPath(makeServer(), { path: none })).rejects.toMatchObject({ code: 'SD_CORE_SOCKET' })
  })
})
