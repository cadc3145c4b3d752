import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDaemon } from '@sd/core'
import { tasks } from '@sd/tasks'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { square } from './fixtures/subjects.ts'
import { fromSource } from './start-daemon.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

function runService(...args: string[]): Fixture {
  return runFixture(new URL('./fixtures/service.ts', import.meta.url), { env: sandbox.env, args })
}

/** Starts the daemon, and these tasks in it. @returns it, once they run. */
async function startService(...names: string[]): Promise<Fixture> {
  const service = runService()
  await service.waitForLine(/^all ready$/)
  for (const [index, name] of names.entries()) {
    service.tell(name)
    await service.waitForLine(new RegExp(`^${name} ${index + 1} ${index < 3 ? '\\w+ing \\d+' : 'waiting'}$`))
  }
  return service
}

describe('SIGTERM', () => {
  test('lets what runs finish, gives up what waits, and refuses what comes', async () => {
    const service = await startService('nap', 'nap', 'nap', 'nap', 'listener')
    service.kill('SIGTERM')
    expect(await service.exit).toEqual({ code: 0, signal: null })
    const ends = service.lines.filter((line) => /returned|SD_/.test(line)).sort()
    expect(ends).toEqual([
      'late 6 SD_TASKS_SHUTDOWN',
      'listener 5 SD_TASKS_SHUTDOWN',
      'nap 1 returned 2000',
      'nap 2 returned 2000',
      'nap 3 returned 2000',
      'nap 4 SD_TASKS_SHUTDOWN',
    ])
  })

  test('tells those that do not end by themselves shortly before the deadline, and kills the deaf', async () => {
    const service = await startService('listener', 'spin')
    const at = performance.now()
    service.kill('SIGTERM')
    await service.waitForLine(/^listener 1 returned wound up$/)
    expect(performance.now() - at).toBeGreaterThan(1500)
    await service.waitForLine(/^spin 2 SD_TASKS_SHUTDOWN$/)
    expect(await service.exit).toEqual({ code: 0, signal: null })
  })

  test('a second time ends all at once', async () => {
    const service = await startService('spin', 'listener')
    service.kill('SIGTERM')
    await service.waitForLine(/SIGTERM: stopping/)
    // Within 300 ms it would be the same order, arriving twice.
    await setTimeout(400)
    service.kill('SIGTERM')
    expect(await service.exit).toEqual({ code: 143, signal: null })
  })

  test('of the tasks themselves, as a supervisor sends it to all of a service, lets them finish', async () => {
    const service = await startService('nap')
    for (const { pid, command } of sandbox.processes()) {
      if (command.startsWith('sd service: ')) process.kill(pid, 'SIGTERM')
    }
    service.kill('SIGTERM')
    await service.waitForLine(/^nap 1 returned 2000$/)
    expect((await service.exit).code).toBe(0)
  })
})

describe('a daemon whose own file defines its tasks', () => {
  test('may define workers beside them', async () => {
    const service = await startService()
    service.tell('both')
    await service.waitForLine(/^both 8 9 -5 0$/)
    service.kill('SIGTERM')
    expect((await service.exit).code).toBe(0)
  })

  test('may be so large that its processes come from a spawner', async () => {
    const service = runService('large')
    await service.waitForLine(/^all ready$/)
    expect(sandbox.processes().some(({ command }) => command === 'sd service: spawner')).toBe(true)
    service.tell('listener')
    const [, pid] = await service.waitForLine(/^listener 1 listening (\d+)$/)
    expect(sandbox.processes().find((seen) => seen.pid === Number(pid))?.command).toBe(
      'sd service: listener #1',
    )
    service.tell('both')
    await service.waitForLine(/^both 8 9 -5 314572800$/)
    service.kill('SIGTERM')
    await service.waitForLine(/^listener 1 returned wound up$/)
    expect((await service.exit).code).toBe(0)
  })
})

describe('a daemon that is killed', () => {
  test('leaves no task and no spare behind, be it busy in an endless loop, waiting or stopped', async () => {
    const service = await startService('spin', 'listener')
    await waitUntil(() => sandbox.processes().some(({ command }) => command === 'sd service: tasks spare'))
    const stopped = sandbox.processes().find(({ command }) => command.includes('listener'))
    process.kill(stopped!.pid, 'SIGSTOP')
    service.kill('SIGKILL')
    await service.exit
    await waitUntil(() => sandbox.processes().length === 0)
  })
})

describe('a daemon that does not run', () => {
  const silent = { debug() {}, info() {}, error() {}, fatal() {} }

  test('refuses what is asked for before run(), and keeps what comes while it starts', async () => {
    const daemon = createDaemon({ name: 'early', signals: false, logger: silent }).use(
      tasks(fromSource(sandbox, { spare: 0 })),
    )
    await expect(daemon.tasks.run(square, 5)).rejects.toMatchObject({ code: 'SD_TASKS_NOT_RUNNING' })
    void daemon.run()
    const task = daemon.tasks.run(square, 5)
    expect(task.status).toBe('waiting')
    expect(await task).toBe(25)
    await daemon.stop()
    await expect(daemon.tasks.run(square, 5)).rejects.toMatchObject({ code: 'SD_TASKS_SHUTDOWN' })
  })

  test('refuses what waits when it fails to start', async () => {
    const daemon = createDaemon({ name: 'broken', signals: false, logger: silent })
      .use(tasks(fromSource(sandbox, { spare: 1 })))
      .checkEnvironment(() => ['a database'])
    const running = daemon.run()
    const end = expect(daemon.tasks.run(square, 5)).rejects.toMatchObject({ code: 'SD_TASKS_SHUTDOWN' })
    await expect(running).rejects.toThrow(/a database/)
    await end
  })
})
