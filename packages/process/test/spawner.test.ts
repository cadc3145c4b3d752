import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { findParentDeathProtection } from '../src/parent-death.ts'
import { createStage, failureOf, type Stage } from './managers.ts'

// Where the kernel does not end orphans there is no spawner.
const suite = findParentDeathProtection().mode === 'signal' ? describe : describe.skip

const fixture = (name: string): URL => new URL(`./fixtures/${name}.ts`, import.meta.url)

/** The fourth field of proc_pid_stat(5), behind the command in parentheses. */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

suite('through a spawner', () => {
  let stage: Stage

  beforeEach(() => {
    stage = createStage({ largeFrom: 0 })
  })

  afterEach(() => stage.clear())

  const spawnerPid = (): number => (stage.manager.inspect() as { spawner: number }).spawner

  test('a child is the child of the spawner, and talks with the daemon', async () => {
    const answers: unknown[] = []
    const child = stage.manager.spawn(stage.spec('echo', { onMessage: (answer) => answers.push(answer) }))
    const sent = { text: 'before there is a process' }
    expect(child.send(sent)).toBe(true)
    sent.text = 'changed afterwards'
    await child.ready
    child.send('and when it is ready')
    await waitUntil(() => answers.length === 2, 'both are answered')
    expect(answers).toEqual([{ text: 'before there is a process' }, 'and when it is ready'])
    expect(parentOf(child.pid!)).toBe(spawnerPid())
    expect(parentOf(spawnerPid())).toBe(process.pid)
    expect(stage.host.events).toEqual([
      { event: 'fork', payload: { pid: child.pid, group: 'primes', index: 1 } },
    ])
  })

  test('a message that cannot be cloned is refused before there is a process, too', async () => {
    const child = stage.manager.spawn(stage.spec('echo'))
    expect(() => child.send(() => 1)).toThrow(expect.objectContaining({ name: 'DataCloneError' }))
    await child.ready
  })

  test('exit codes, signals and restarts are told as they are', async () => {
    const [ended, killed, drained] = await Promise.all([
      stage.manager.spawn(stage.spec('ending', { args: ['ending', '4'] })).exited,
      stage.manager.spawn(stage.spec('dying', { onMessage: () => {} })).exited,
      stage.manager.spawn(stage.spec('obedient')).drain(),
    ])
    expect(ended).toMatchObject({ code: 4, signal: null, startedReady: true })
    expect(killed).toMatchObject({ code: null, signal: 'SIGKILL', startedReady: true })
    expect(drained).toMatchObject({ code: 0, signal: null })
  })

  test('all that a killed child wrote is read', async () => {
    const parts: unknown[] = []
    await stage.manager.spawn(stage.spec('dying', { onMessage: (part) => parts.push(part) })).exited
    expect(parts).toHaveLength(1000)
    const { exited } = stage.manager.spawn(stage.spec('printing'))
    expect((await exited).lastOutput).toContain('lines ü and a half')
  })

  test('a child that is killed before it runs does not run', async () => {
    const child = stage.manager.spawn(stage.spec('echo'))
    expect(child.pid).toBeUndefined()
    expect(await child.kill()).toMatchObject({ code: null, signal: 'SIGKILL', startedReady: false })
  })

  test('what the daemon is, its children are: working directory, mask for files, environment', async () => {
    const mask = process.umask(0o027)
    try {
      const told = Promise.withResolvers<unknown>()
      stage.manager.spawn(stage.spec('surroundings', { onMessage: told.resolve }))
      expect(await told.promise).toEqual({ cwd: process.cwd(), umask: 0o027, channel: false, nice: 1 })
    } finally {
      process.umask(mask)
    }
  })

  test('the system refuses what it would refuse the daemon', async () => {
    const failure = await failureOf(
      stage.manager.spawn(stage.spec('echo', { args: ['x'.repeat(200_000)] })).ready,
    )
    expect(failure).toMatchObject({ code: 'SD_PROCESS_SPAWN', reason: 'E2BIG' })
  })

  test('when the spawner is killed its children are dead, and the next ones start', async () => {
    const busy = stage.manager.spawn(stage.spec('busy'))
    const idle = stage.manager.spawn(stage.spec('echo'))
    await Promise.all([busy.ready, idle.ready])
    const first = spawnerPid()
    process.kill(first, 'SIGKILL')
    for (const { exited } of [busy, idle]) {
      expect(await exited).toMatchObject({ code: null, signal: 'SIGKILL', startedReady: true })
    }
    const next = stage.manager.spawn(stage.spec('echo'))
    await next.ready
    expect(spawnerPid()).not.toBe(first)
  })

  test('a child that is asked for while the spawner dies is started all the same', async () => {
    await stage.manager.spawn(stage.spec('echo')).ready
    process.kill(spawnerPid(), 'SIGSTOP')
    const child = stage.manager.spawn(stage.spec('echo'))
    process.kill(spawnerPid(), 'SIGKILL')
    await child.ready
  })

  test('signals for all of the daemon leave the spawner alone', async () => {
    const child = stage.manager.spawn(stage.spec('stubborn'))
    await child.ready
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(spawnerPid(), signal)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(child.state).toBe('ready')
  })
})

suite('a daemon with a spawner', () => {
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = createSandbox()
  })

  afterEach(() => sandbox.assertNothingLeft({ emptyDir: true }))

  test('leaves nobody behind when it is killed', async () => {
    const daemon = runFixture(fixture('daemon'), {
      args: ['signal', 'busy', 'busy', 'echo', 'stubborn'],
      env: { ...sandbox.env, LARGE_FROM: '0' },
    })
    await daemon.waitForLine(/^pids (.*)$/)
    expect(sandbox.processes()).toHaveLength(6)
    daemon.kill()
    await waitUntil(() => sandbox.processes().length === 0, 'all are gone')
    await daemon.exit
  })

  test.each([0, 1, 2, 3])('recovers from a want of file descriptors, with %d left', async (left) => {
    const daemon = runFixture(fixture('starved-daemon'), {
      args: [String(left), '0'],
      env: sandbox.env,
      prefix: ['prlimit', '--nofile=64', '--'],
    })
    expect(await daemon.exit).toEqual({ code: 0, signal: null })
    expect(daemon.lines).toEqual([
      'failure SD_PROCESS_SPAWN EMFILE exited null, 0 fatal',
      'then ready, slot 2',
    ])
  })
})
