import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
  writeVersion(1)
})

afterEach(() => sandbox.assertNothingLeft())

function writeVersion(version: number): void {
  writeFileSync(join(sandbox.dir, 'version.mjs'), `export const version = ${version}\n`)
}

const RESTARTS = process.env.SD_SOAK ? 20 : 4

/** Of the test that looks for a moment in which an order is lost. */
const ROUNDS = process.env.SD_SOAK ? 200 : 4

const SUPERVISED = { SD_SUPERVISED: '1' }
const reborn = new URL('./fixtures/reborn.ts', import.meta.url)

function run(manner: string, options: Parameters<typeof runFixture>[1] = { env: SUPERVISED }): Fixture {
  const env = { ...sandbox.env, FORCE_COLOR: '0', ...options.env }
  return runFixture(reborn, { ...options, args: [manner, sandbox.dir], env })
}

interface Life {
  readonly pid: number
  readonly version: number
  readonly [fact: string]: unknown
}

/** What the lives so far have told of themselves. */
function lives(fixture: Fixture): Life[] {
  const told = fixture.lines.filter((line) => line.startsWith('up '))
  return told.map((line) => JSON.parse(line.slice(3)) as Life)
}

async function untilLives(fixture: Fixture, count: number): Promise<Life[]> {
  await waitUntil(() => lives(fixture).length >= count, `${count} lives`, 30_000)
  return lives(fixture)
}

function log(): string {
  const file = join(sandbox.dir, 'reborn.log')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

const count = (pattern: RegExp): number => log().match(new RegExp(pattern, 'g'))?.length ?? 0

describe('a restart in place', () => {
  test('SIGHUP puts new code into the same process, and nothing else changes', async () => {
    const fixture = run('calm', { env: SUPERVISED, execArgv: ['--stack-size=900'], cwd: sandbox.dir })
    await untilLives(fixture, 1)
    writeVersion(2)
    fixture.kill('SIGHUP')
    const [first, second] = await untilLives(fixture, 2)
    // Node makes the pipe of stdout one that does not block, and has one descriptor less for it.
    const { descriptors, ...facts } = first!
    const execArgv = [
      '--inspect-publish-uid=stderr',
      '--inspect-port=127.0.0.1:0',
      ...(facts.execArgv as string[]),
    ]
    expect(second).toEqual({ ...facts, version: 2, descriptors: expect.any(Number), execArgv })
    expect(second!.descriptors).toBeLessThanOrEqual(descriptors as number)
    expect(second).toMatchObject({ pid: fixture.pid, cwd: sandbox.dir, variable: null, changed: false })
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(log()).toMatch(
      /Restarting: SIGHUP[\s\S]*Stopped after[\s\S]*Started .*, restart 1 because of SIGHUP/,
    )
    expect(count(/Date +PID +Label/)).toBe(1)
  })

  test('what the daemon has begun is finished before', async () => {
    const fixture = run('busy')
    await untilLives(fixture, 1)
    fixture.kill('SIGHUP')
    await untilLives(fixture, 2)
    // What is written to the file comes a little later than what is printed.
    await waitUntil(() => count(/restart 1/) === 1)
    expect(log()).toMatch(/Restarting: SIGHUP[\s\S]*finished[\s\S]*Started .*, restart 1/)
    fixture.kill('SIGTERM')
    await fixture.exit
  })

  test('many restarts leave no process, no descriptor and no file behind', async () => {
    const fixture = run('often', { env: { ...SUPERVISED, RESTARTS: String(RESTARTS) } })
    const all = await untilLives(fixture, RESTARTS + 1)
    expect(new Set(all.map(({ pid }) => pid))).toEqual(new Set([fixture.pid]))
    expect(all.at(-1)!.descriptors).toBe(all[1]!.descriptors)
    expect(all.at(-1)!.priority).toBe(all[0]!.priority)
    expect(sandbox.processes()).toHaveLength(1)
    expect(readdirSync(sandbox.dir).sort()).toEqual(['exited', 'reborn.log', 'version.mjs'])
    await waitUntil(() => count(/restart \d+ because of time \d+/) === RESTARTS)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  }, 60_000)

  test('a process with two daemons is replaced when both have stopped', async () => {
    const fixture = runFixture(new URL('./fixtures/two-reborn.ts', import.meta.url), {
      env: { ...sandbox.env, ...SUPERVISED },
    })
    await fixture.waitForLine(/^slow up$/)
    await waitUntil(() => fixture.lines.filter((line) => line.includes('Started')).length === 2)
    fixture.kill('SIGHUP')
    await waitUntil(() => fixture.lines.filter((line) => line.includes('restart 1')).length === 2)
    const told = fixture.lines.filter((line) => /^\w+ (up|down)$/.test(line))
    expect(told).toEqual(['quick up', 'slow up', 'quick down', 'slow down', 'quick up', 'slow up'])
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  })

  test('a child of the user that does not end is told of', async () => {
    const fixture = run('leaving')
    await untilLives(fixture, 1)
    fixture.kill('SIGHUP')
    await untilLives(fixture, 2)
    expect(log()).toMatch(/Child processes outlive the restart.*\d+ \(sleep 3\)/)
    fixture.kill('SIGTERM')
    await fixture.exit
  })

  test('a working directory that is gone refuses the restart, and the daemon goes on', async () => {
    const cwd = join(sandbox.dir, 'release-1')
    mkdirSync(cwd)
    const fixture = run('calm', { env: { ...SUPERVISED, PWD: cwd }, cwd })
    await untilLives(fixture, 1)
    rmdirSync(cwd)
    fixture.kill('SIGHUP')
    await waitUntil(() => count(/Cannot restart: the working directory .*release-1 was removed/) === 1)
    // Made anew, it is where the next life finds itself.
    mkdirSync(cwd)
    fixture.kill('SIGHUP')
    const [, second] = await untilLives(fixture, 2)
    expect(second).toMatchObject({ pid: fixture.pid, cwd })
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  })

  test('a working directory behind a link is the one that it leads to now', async () => {
    const at = (name: string) => join(sandbox.dir, name)
    for (const name of ['release-1', 'release-2']) mkdirSync(at(name))
    symlinkSync('release-1', at('current'))
    const fixture = run('calm', { env: { ...SUPERVISED, PWD: at('current') }, cwd: at('current') })
    await untilLives(fixture, 1)
    symlinkSync('release-2', at('next'))
    renameSync(at('next'), at('current'))
    rmdirSync(at('release-1'))
    fixture.kill('SIGHUP')
    const all = await untilLives(fixture, 2)
    expect(all.map(({ cwd }) => cwd)).toEqual([at('release-1'), at('release-2')])
    expect(count(/Restarts in .*release-2, where .*current leads now/)).toBe(1)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  })

  test('without execve a successor takes over when the daemon is gone', async () => {
    const fixture = run('without-execve')
    const [first] = await untilLives(fixture, 1)
    fixture.kill('SIGHUP')
    const [, second] = await untilLives(fixture, 2)
    expect(second).toMatchObject({ version: 1, variable: null })
    expect(second!.pid).not.toBe(first!.pid)
    expect(fixture.lines).toContain(`pid change ${first!.pid} ${second!.pid}`)
    expect(sandbox.processes().map(({ pid }) => pid)).toEqual([second!.pid])
    process.kill(second!.pid, 'SIGTERM')
    expect((await fixture.exit).code).toBe(0)
  })
})

describe('a signal that comes while the next life is loaded', () => {
  const go = (): void => writeFileSync(join(sandbox.dir, 'go'), '')
  const times = (fixture: Fixture, line: string): number =>
    fixture.lines.filter((each) => each === line).length

  /** A daemon that was told to restart and is loading its file again. */
  async function runUntilReloading(): Promise<Fixture> {
    const fixture = runFixture(new URL('./fixtures/slow-import.ts', import.meta.url), {
      args: [sandbox.dir],
      env: { ...sandbox.env, ...SUPERVISED },
    })
    await fixture.waitForLine(/^loading$/)
    go()
    await fixture.waitForLine(/^up$/)
    fixture.kill('SIGHUP')
    await waitUntil(() => times(fixture, 'loading') === 2, 'loading again', 30_000)
    return fixture
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it in good order', async (signal) => {
    const fixture = await runUntilReloading()
    go()
    fixture.kill(signal)
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(times(fixture, 'down')).toBe(1)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it also where that takes too long', async (signal) => {
    const fixture = await runUntilReloading()
    fixture.kill(signal)
    expect(await fixture.exit).toEqual({ code: null, signal })
  })

  test('SIGHUP restarts it once more', async () => {
    const fixture = await runUntilReloading()
    fixture.kill('SIGHUP')
    go()
    await waitUntil(() => times(fixture, 'loading') === 3, 'loading a third time', 30_000)
    go()
    await waitUntil(() => fixture.lines.some((line) => line.includes('restart 2')), 'restarted twice', 30_000)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  })

  test('SIGUSR1 shows its statistics', async () => {
    const fixture = await runUntilReloading()
    fixture.kill('SIGUSR1')
    go()
    await fixture.waitForLine(/Statistics$/)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  })
})

describe('an order to stop', () => {
  test('that was caught and that no listener has heard of is known', async () => {
    const fixture = runFixture(new URL('./fixtures/undispatched.ts', import.meta.url), { env: sandbox.env })
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(JSON.parse(fixture.lines.join(''))).toEqual({ heard: ['SIGUSR2'], taken: ['SIGTERM'], again: [] })
  })

  test('behind one to restart is never lost', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const fixture = run('unchecked')
      await untilLives(fixture, 1)
      fixture.kill('SIGHUP')
      // No event tells of the moments that matter: they lie around the exchange of the process.
      await sleep((40 * round) / ROUNDS)
      fixture.kill('SIGTERM')
      const { code, signal } = await fixture.exit
      expect(signal ?? code).toEqual(signal ? 'SIGTERM' : 0)
    }
  }, 300_000)
})

describe('a daemon that fails', () => {
  test('is tried again after longer and longer pauses, and given up with an exit code', async () => {
    const fixture = run('failing')
    expect(await fixture.exit).toEqual({ code: 1, signal: null })
    const pauses = [...log().matchAll(/Restarting in ([\d.]+) s after failure (\d) of at most 4/g)]
    expect(pauses.map(([, , failure]) => failure)).toEqual(['1', '2', '3', '4'])
    expect(count(/Error: broken/)).toBe(5)
    expect(log()).toContain('has failed 5 times in a row and is not restarted any more')
  }, 30_000)

  test('also where it cannot start any more, once it has shown that it can live', async () => {
    const fixture = run('failing-start')
    expect(await fixture.exit).toEqual({ code: 1, signal: null })
    expect(count(/no database/)).toBeGreaterThanOrEqual(3)
    expect(log()).toContain('has failed 3 times in a row')
  }, 30_000)

  test('before it has been up for 10 s ends with exit code 1', async () => {
    const fixture = run('young')
    expect(await fixture.exit).toEqual({ code: 1, signal: null })
    expect(lives(fixture)).toHaveLength(1)
  })

  test('can be stopped while it waits for the next try', async () => {
    const fixture = run('patient')
    await waitUntil(() => count(/Restarting in/) === 1)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 1, signal: null })
    expect(log()).toContain('SIGTERM: stopping instead of restarting')
  })

  test('is tried again at once on SIGHUP', async () => {
    const fixture = run('patient')
    await waitUntil(() => count(/Restarting in/) === 1)
    fixture.kill('SIGHUP')
    const [first, second] = await untilLives(fixture, 2)
    expect(second!.pid).toBe(first!.pid)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  })
})

describe('who may come back', () => {
  const PLAIN = { SD_SUPERVISED: '', SYSTEMD_EXEC_PID: '' }

  test('a daemon on a terminal stops on SIGHUP, also as the first of its session', async () => {
    // script(1) gives it a terminal of its own.
    const prefix = ['sh', '-c', 'exec script -qfec "exec $*" /dev/null', 'sh']
    const terminal = run('calm', { env: PLAIN, prefix })
    const [, told] = await terminal.waitForLine(/up (\{.*\})/)
    process.kill((JSON.parse(told!) as Life).pid, 'SIGHUP')
    await terminal.exit
    expect(log()).toContain('SIGHUP: stopping, because a daemon in a plain shell does not restart')
    expect(lives(terminal)).toHaveLength(1)
  })

  test('a daemon that was detached restarts', async () => {
    const fixture = run('calm', { env: PLAIN, prefix: ['setsid'] })
    await untilLives(fixture, 1)
    fixture.kill('SIGHUP')
    await untilLives(fixture, 2)
    fixture.kill('SIGTERM')
    expect((await fixture.exit).code).toBe(0)
  })

  test('a process that somebody else waits for does not', async () => {
    const fixture = run('calm', { env: PLAIN })
    await untilLives(fixture, 1)
    fixture.kill('SIGHUP')
    expect((await fixture.exit).code).toBe(0)
    expect(lives(fixture)).toHaveLength(1)
  })

  test('the environment has the last word', async () => {
    const fixture = run('calm', { env: { SD_SUPERVISED: '0' }, prefix: ['setsid'] })
    await untilLives(fixture, 1)
    fixture.kill('SIGHUP')
    expect((await fixture.exit).code).toBe(0)
    expect(lives(fixture)).toHaveLength(1)
  })
})
