import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { listenOnPath, startListening, withTakeOverGuard } from '@sd/core/unix-socket'
import { createSandbox, type Fixture, runFixture, type Sandbox } from '@sd/testing'

let sandbox: Sandbox
let path: string

beforeEach(() => {
  sandbox = createSandbox()
  path = join(sandbox.dir, 'x.sock')
})

afterEach(async () => {
  expect(readdirSync(sandbox.dir)).toEqual([])
  await sandbox.assertNothingLeft()
})

async function startHolder(): Promise<Fixture> {
  const holder = runFixture(new URL('./fixtures/guard-holder.ts', import.meta.url), {
    env: sandbox.env,
    args: [path],
  })
  await holder.waitForLine(/^held$/)
  return holder
}

test('one at a time is inside', async () => {
  let inside = 0
  const order: number[] = []
  const enter = async (index: number): Promise<void> => {
    expect(++inside).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 2))
    order.push(index)
    inside--
  }
  await Promise.all(Array.from({ length: 30 }, (_, index) => withTakeOverGuard(path, () => enter(index))))
  expect(order).toHaveLength(30)
  await expect(withTakeOverGuard(path, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
})

test('a holder that is killed gives it back, to one of many who wait', async () => {
  for (let round = 0; round < 3; round++) {
    const holder = await startHolder()
    let inside = 0
    let entered = 0
    const waiting = Array.from({ length: 8 }, () =>
      withTakeOverGuard(path, async () => {
        entered++
        expect(++inside).toBe(1)
        await new Promise((resolve) => setImmediate(resolve))
        inside--
      }),
    )
    expect(await Promise.race([Promise.all(waiting), 'held'])).toBe('held')
    expect(entered).toBe(0)
    holder.kill('SIGKILL')
    await holder.exit
    await Promise.all(waiting)
    expect(entered).toBe(8)
  }
})

test('a holder that does not end is told of, and keeps it', async () => {
  const holder = await startHolder()
  const entry = readdirSync(sandbox.dir)
  await expect(withTakeOverGuard(path, async () => {}, 50)).rejects.toMatchObject({
    code: 'SD_CORE_SOCKET',
    path,
  })
  expect(readdirSync(sandbox.dir)).toEqual(entry)
  holder.kill('SIGKILL')
  await holder.exit
  await withTakeOverGuard(path, async () => {})
})

test('a process that exits inside leaves nothing', async () => {
  const program = `import { withTakeOverGuard } from '@sd/core/unix-socket'
await withTakeOverGuard(process.argv[1], async () => process.exit(0))`
  const { execFileSync } = process.getBuiltinModule('node:child_process')
  execFileSync(process.execPath, ['-C', '@sd/source', '--input-type=module', '-e', program, path], {
    cwd: import.meta.dirname,
    env: { ...process.env, ...sandbox.env },
  })
})

const onlyLinux = process.platform === 'linux' ? test : test.skip
onlyLinux('a name in the abstract namespace, which any user can take, keeps none out', async () => {
  const squatter = createServer()
  await startListening(squatter, { path: `\0sd-socket:${path}` })
  const server = createServer()
  const release = await listenOnPath(server, { path })
  release()
  await new Promise((resolve) => server.close(resolve))
  await new Promise((resolve) => squatter.close(resolve))
})

test.each(['EPERM', 'EOPNOTSUPP'])(
  'a file system that refuses hard links with %s has sockets, too',
  async (code) => {
    const holder = runFixture(new URL('./fixtures/socket-holder.ts', import.meta.url), {
      env: {
        ...sandbox.env,
        LINK_ERROR: code,
        NODE_OPTIONS: `--import=${new URL('./fixtures/no-links.mjs', import.meta.url).href}`,
      },
      args: [path],
    })
    await holder.waitForLine(/^listening$/)
    expect(readdirSync(sandbox.dir)).toEqual(['x.sock'])
    // It is served: another one is refused.
    await expect(listenOnPath(createServer(), { path })).rejects.toMatchObject({
      code: 'SD_CORE_SOCKET_IN_USE',
    })
    holder.kill('SIGKILL')
    await holder.exit
    const server = createServer()
    const release = await listenOnPath(server, { path })
    release()
    await new Promise((resolve) => server.close(resolve))
    expect(existsSync(path)).toBe(false)
  },
)
