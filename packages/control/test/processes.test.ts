import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { connectControl, listDaemons } from '@sd/control/client'
import type { Json } from '@sd/core'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'

let sandbox: Sandbox
let directory: string

beforeEach(() => {
  sandbox = createSandbox()
  directory = join(sandbox.dir, 'run')
})

afterEach(() => sandbox.assertNothingLeft())

function launch(env: Record<string, string> = {}): Fixture {
  return runFixture(new URL('./fixtures/service.ts', import.meta.url), {
    env: { ...sandbox.env, SD_RUN_DIR: directory, ...env },
  })
}

async function start(env?: Record<string, string>): Promise<Fixture> {
  const service = launch(env)
  await service.waitForLine(/^up /)
  return service
}

/** What is in the run directory, besides the records of lives, which stay. */
const leftBehind = () => readdirSync(directory).filter((file) => !file.endsWith('.life'))

const connect = (name = 'service') => connectControl(name, { directory, timeout: 15_000 })

describe('a daemon in a process of its own', () => {
  test('shows its workers and their calls, and finishes them when stopped', async () => {
    const service = await start()
    const client = await connect()
    const [first, second] = [join(sandbox.dir, 'first'), join(sandbox.dir, 'second')]
    const answers = [1, 2, 3].map(() => client.call('wait', { file: first }))
    const calls = async () => (await client.call('calls')) as { calls: Json[]; pools: Json[] }
    await waitUntil(async () => JSON.stringify((await calls()).calls).split('"running"').length === 3)
    expect(await calls()).toMatchObject({
      pools: [{ plugin: 'workers', pool: 'subject', size: 2, pending: 3, processes: 2 }],
      calls: [
        {
          plugin: 'workers',
          pool: 'subject',
          id: 1,
          method: 'wait',
          status: 'running',
          age: expect.any(Number),
        },
        { id: 2, status: 'running' },
        { id: 3, method: 'wait' },
      ],
    })
    expect(await client.call('status')).toMatchObject({
      name: 'service',
      pid: service.pid,
      processes: {
        cpu: expect.any(Number),
        children: [1, 2].map((index) => ({
          role: `subject #${index}`,
          cpu: process.platform === 'linux' ? expect.any(Number) : null,
        })),
      },
    })
    writeFileSync(first, '')
    const pids = (await Promise.all(answers)).map(Number)
    const { processes } = (await client.call('status')) as { processes: { children: { pid: number }[] } }
    expect(processes.children.map(({ pid }) => pid)).toEqual(expect.arrayContaining(pids))
    expect((await calls()).pools).toMatchObject([
      { methods: { wait: { count: 3, p99: expect.any(Number) } } },
    ])
    const last = client.call('wait', { file: second })
    await waitUntil(async () => JSON.stringify((await calls()).calls).includes('"running"'))
    expect(await client.call('stop')).toEqual({ pid: service.pid, state: 'draining' })
    writeFileSync(second, '')
    expect(pids).toContain(await last)
    expect(await service.exit).toEqual({ code: 0, signal: null })
    expect(leftBehind()).toEqual([])
  })

  test('is restarted in its place, and listens again', async () => {
    const service = await start({ SD_SUPERVISED: '1' })
    const client = await connect()
    expect(await client.call('status')).toMatchObject({ canRestart: true, restarts: 0 })
    expect(await client.call('restart', { reason: 'an update' })).toMatchObject({ pid: service.pid })
    await client.closed
    await waitUntil(() => service.lines.filter((line) => line.startsWith('up ')).length === 2)
    const again = await connect()
    expect(again.daemon.pid).toBe(service.pid)
    const status = (await again.call('status')) as { restarts: number; log: { message: string }[] }
    expect(status.restarts).toBe(1)
    expect(status.log.map(({ message }) => message).join()).toContain('restart 1 because of an update')
    await again.call('stop')
    expect((await service.exit).code).toBe(0)
    expect(leftBehind()).toEqual([])
  })

  test('answers to restart while calls are still under way', async () => {
    const service = await start({ SD_SUPERVISED: '1' })
    const client = await connect()
    const file = join(sandbox.dir, 'go on')
    const call = client.call('wait', { file })
    await waitUntil(async () => JSON.stringify(await client.call('calls')).includes('"running"'))
    const answers = await Promise.all([client.call('restart'), client.call('restart')])
    expect(answers).toEqual([1, 2].map(() => ({ pid: service.pid, state: 'running' })))
    expect(await client.call('restart')).toMatchObject({ state: 'running' })
    writeFileSync(file, '')
    expect(await call).toEqual(expect.any(Number))
    await client.closed
    await waitUntil(() => service.lines.filter((line) => line.startsWith('up ')).length === 2)
    const again = await connect()
    expect(await again.call('status', { lines: 0 })).toMatchObject({ restarts: 1 })
    await again.call('stop')
    expect((await service.exit).code).toBe(0)
    expect(leftBehind()).toEqual([])
  })

  test('gets signals', async () => {
    const service = await start()
    const client = await connect()
    expect(await client.call('signal', { signal: 'usr2' })).toEqual({ pid: service.pid, signal: 'SIGUSR2' })
    await service.waitForLine(/^got SIGUSR2$/)
    await expect(client.call('signal', { signal: 'SEGV' })).rejects.toMatchObject({
      code: 'SD_CONTROL_UNHEARD',
    })
    await client.call('signal', { signal: 'SIGTERM' })
    expect(await service.exit).toEqual({ code: 0, signal: null })
    await client.close()
  })

  test('a second stop that is to hurry means at once', async () => {
    const service = await start()
    const client = await connect()
    const call = client
      .call('wait', { file: join(sandbox.dir, 'never') }, { timeout: 0 })
      .catch((error) => error)
    await waitUntil(async () => JSON.stringify(await client.call('calls')).includes('"running"'))
    await client.call('stop')
    await client.call('stop', { hurry: true })
    expect((await service.exit).code).toBe(143)
    expect(await call).toMatchObject({ code: expect.stringMatching(/^SD_/) })
    await client.close()
  })
})

describe('a socket that is left behind', () => {
  test('is listed as stale, and replaced by the next daemon of that name', async () => {
    const killed = await start()
    const path = join(directory, 'service.sock')
    killed.kill('SIGKILL')
    await killed.exit
    expect(await listDaemons({ directory })).toEqual([
      { name: 'service', path, uid: process.getuid!(), state: 'stale' },
    ])
    await expect(connect()).rejects.toMatchObject({ code: 'SD_CONTROL_NOT_RUNNING' })
    const next = await start()
    expect(next.lines).toContain(`up ${path}`)
    expect(await listDaemons({ directory })).toMatchObject([{ state: 'alive', daemon: { pid: next.pid } }])
    next.kill('SIGTERM')
    await next.exit
    expect(leftBehind()).toEqual([])
  })

  test('goes to one of several daemons that start at once; none is stolen from', async () => {
    const killed = await start()
    killed.kill('SIGKILL')
    await killed.exit
    const services = await Promise.all([1, 2, 3].map(() => start()))
    const listed = await listDaemons({ directory, timeout: 15_000 })
    expect(listed.map(({ state }) => state)).toEqual(['alive', 'alive', 'alive'])
    const pids = services.map(({ pid }) => pid).sort()
    expect(listed.map(({ daemon }) => daemon!.pid).sort()).toEqual(pids)
    expect(listed.map(({ name }) => name)).toEqual(['service', 'service', 'service'])
    await expect(connect()).rejects.toMatchObject({ code: 'SD_CONTROL_AMBIGUOUS' })
    for (const { path } of listed) await (await connect(path)).call('stop')
    for (const service of services) expect((await service.exit).code).toBe(0)
    expect(leftBehind()).toEqual([])
  }, 90_000)
})

describe('a place that cannot be trusted', () => {
  test('a run directory in which others can write is refused', async () => {
    mkdirSync(directory)
    chmodSync(directory, 0o777)
    const service = launch()
    await service.waitForLine(/^failed SD_CORE_RUN_DIRECTORY$/)
    await service.exit
    expect(leftBehind()).toEqual([])
  })

  test('so is one of somebody else, and a socket of somebody else', async () => {
    // Only root can make such a thing; where the tests do not run as root the system sees to it.
    if (process.getuid?.() !== 0) return
    mkdirSync(directory)
    chownSync(directory, 65534, 65534)
    const service = launch()
    await service.waitForLine(/^failed SD_CORE_RUN_DIRECTORY$/)
    await service.exit
  })

  test('a file that is no socket is not touched', async () => {
    mkdirSync(directory, { mode: 0o700 })
    writeFileSync(join(directory, 'service.sock'), 'precious')
    const service = launch()
    await service.waitForLine(/^failed SD_CORE_SOCKET$/)
    await service.exit
    expect(existsSync(join(directory, 'service.sock'))).toBe(true)
    expect(await listDaemons({ directory })).toEqual([])
  })
})
