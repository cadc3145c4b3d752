import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'

const SERVICE = new URL('./fixtures/service.ts', import.meta.url)

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

async function startService(...args: string[]): Promise<Fixture> {
  const service = runFixture(SERVICE, { env: sandbox.env, args })
  await service.waitForLine(/^all ready$/)
  return service
}

/** Sends workers into an endless loop. @returns which. */
async function spin(service: Fixture, count: number): Promise<number[]> {
  for (let n = 0; n < count; n++) service.tell('spin')
  const spinning = () => service.lines.filter((line) => line.startsWith('spinning '))
  await waitUntil(() => spinning().length === count)
  return spinning().map((line) => Number(line.split(' ')[1]))
}

/** The worker processes, by what `ps` calls them. */
function workerProcesses(): number[] {
  return sandbox
    .processes()
    .filter(({ command }) => command.startsWith('sd service: subject'))
    .map(({ pid }) => pid)
}

/** Zombies included. */
function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
  return children.trim().split(' ').map(Number).sort()
}

describe('SIGTERM', () => {
  test('with 200 calls under way lets the running ones finish, gives the rest up, and exits with 0', async () => {
    const service = await startService()
    service.tell('calls')
    await service.waitForLine(/^four run$/)
    service.kill('SIGTERM')
    const settled = await service.waitForLine(/^settled (.*)$/)
    const codes = JSON.parse(settled[1]!) as Record<string, number>
    expect(codes).toEqual({ returned: 4, SD_WORKERS_SHUTDOWN: 196 })
    expect(await service.exit).toEqual({ code: 0, signal: null })
  })

  test('a second time ends it at once, with workers in an endless loop', async () => {
    const service = await startService()
    await spin(service, 4)
    service.kill('SIGTERM')
    await service.waitForLine(/SIGTERM: stopping/)
    // One that comes sooner counts as the same order, delivered twice.
    await new Promise((resolve) => setTimeout(resolve, 400))
    service.kill('SIGTERM')
    expect(await service.exit).toEqual({ code: 143, signal: null })
  })

  test('while it is still starting unwinds what had started', async () => {
    const service = runFixture(SERVICE, { env: sandbox.env, args: ['slow-setup'] })
    await waitUntil(() => workerProcesses().length === 4)
    service.kill('SIGTERM')
    await service.waitForLine(/SIGTERM: stopping/)
    expect((await service.exit).code).toBe(0)
    expect(service.lines).not.toContain('all ready')
  })

  test('of the workers themselves, as a supervisor sends it to all of a service, lets them finish', async () => {
    const service = await startService()
    service.tell('calls')
    await service.waitForLine(/^four run$/)
    for (const pid of workerProcesses()) process.kill(pid, 'SIGTERM')
    service.kill('SIGTERM')
    const settled = await service.waitForLine(/^settled (.*)$/)
    expect(JSON.parse(settled[1]!)).toEqual({ returned: 4, SD_WORKERS_SHUTDOWN: 196 })
    expect((await service.exit).code).toBe(0)
  })
})

describe('a daemon that is killed', () => {
  test('leaves no worker behind, be it busy in an endless loop, idle or stopped', async () => {
    const service = await startService()
    const spinning = await spin(service, 2)
    const idle = workerProcesses().filter((pid) => !spinning.includes(pid))
    expect(idle).toHaveLength(2)
    process.kill(idle[0]!, 'SIGSTOP')
    service.kill('SIGKILL')
    await service.exit
    await waitUntil(() => sandbox.processes().length === 0)
  })
})

describe('two daemons of the same name with pools of the same name', () => {
  test('do not meet', async () => {
    const [one, two] = await Promise.all([startService(), startService()])
    one.tell('pids')
    two.tell('pids')
    const pids = async (service: Fixture): Promise<string[]> =>
      (await service.waitForLine(/^pids (.*)$/))[1]!.split(' ')
    const [ofOne, ofTwo] = await Promise.all([pids(one), pids(two)])
    expect(new Set([...ofOne, ...ofTwo]).size).toBe(ofOne.length + ofTwo.length)
    one.kill('SIGTERM')
    expect((await one.exit).code).toBe(0)
    two.tell('calls')
    await two.waitForLine(/^four run$/)
    two.kill('SIGTERM')
    expect((await two.exit).code).toBe(0)
  })
})

describe('a restart in place', () => {
  test('lets running calls finish, reaps every worker, and starts new ones in the same process', async () => {
    const service = runFixture(SERVICE, { env: { ...sandbox.env, SD_SUPERVISED: '1' } })
    await service.waitForLine(/^all ready$/)
    const before = workerProcesses()
    service.tell('calls')
    await service.waitForLine(/^four run$/)
    service.kill('SIGHUP')
    const settled = await service.waitForLine(/^settled (.*)$/)
    // While the daemon still works, more of them get their turn.
    const { returned, SD_WORKERS_SHUTDOWN: refused = 0, ...others } = JSON.parse(settled[1]!)
    expect(others).toEqual({})
    expect(returned).toBeGreaterThanOrEqual(4)
    expect(returned + refused).toBe(200)
    await waitUntil(() => service.lines.filter((line) => line === 'all ready').length === 2)
    const after = workerProcesses()
    expect(after).toHaveLength(before.length)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
    // No zombie of the time before.
    if (process.platform === 'linux') expect(childrenOf(service.pid)).toEqual(after.sort())
    service.kill('SIGTERM')
    expect(await service.exit).toEqual({ code: 0, signal: null })
  })
})
