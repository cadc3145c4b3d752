import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { connectControl } from '@sd/control/client'
import { runFixture, waitUntil } from '@sd/testing'
import { cliCommand, fixture, runCli, sourceCommand } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

const place = usePlaces()
const { test } = place

const cli = (...words: string[]) => runCli(place, words)
const read = (...path: string[]) => readFileSync(join(place.sandbox.dir, ...path), 'utf8')
/** The log that the daemon was given. It writes it when it has time to. */
const logged = () => (existsSync(join(place.logDirectory, 'ticker.log')) ? read('log', 'ticker.log') : '')

/** What is in the run directory, besides the records of lives, which stay. */
const leftBehind = () =>
  existsSync(place.runDirectory)
    ? readdirSync(place.runDirectory).filter((file) => !file.endsWith('.life'))
    : []

/** Asked from here: until a command has begun a daemon may be in its next life. */
async function stateOf(name: string): Promise<string> {
  const client = await connectControl(name, { directory: place.runDirectory })
  const { state } = (await client.call('stats')) as { state: string }
  await client.close()
  return state
}

async function pidOf(name: string): Promise<number> {
  return (await cli('status', name, '--json')).json<{ pid: number }>().pid
}

/** What a process has open. */
function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
}

describe('start', () => {
  test('returns when the daemon is ready, leaves it alone the second time, and stops it', async () => {
    const started = await cli('start', fixture('ticker.ts'))
    expect(started).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ticker runs, pid \d+\.\n$/) })
    expect(started.stderr).toMatch(/sd-cli status ticker\n.*sd-cli logs ticker -f/)
    const pid = Number(/pid (\d+)/.exec(started.stdout)![1])
    await waitUntil(() => /Started \(every 200 ms\)/.test(logged()))

    const again = await cli('start', fixture('ticker.ts'))
    expect(again).toMatchObject({ code: 0, stdout: `ticker is already running, pid ${pid}.\n` })
    const asJson = await cli('start', fixture('ticker.ts'), '--json')
    expect(asJson.json()).toMatchObject({ name: 'ticker', pid, started: false })
    expect(read('log', 'ticker.log')).not.toMatch(/already/)

    const meant = 'tickr is not running. Did you mean "ticker"?\n'
    expect(await cli('status', 'tickr')).toMatchObject({ code: 3, stdout: meant })
    expect(await cli('logs', 'tickr')).toMatchObject({ code: 7, stderr: `Error: ${meant}` })

    expect(await cli('stop', 'ticker')).toMatchObject({ code: 0, stdout: 'ticker has stopped.\n' })
    expect(await cli('stop', 'ticker')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ticker is not running: stopped by SIGTERM/),
    })
    expect(leftBehind()).toEqual([])
    expect(readdirSync(place.logDirectory).sort()).toEqual(['ticker.log', 'ticker.out'])
    expect(read('log', 'ticker.out')).toBe('')
  })

  // 200 and 30 are beyond what Node keeps from its children by itself.
  const isLinux = process.platform === 'linux'
  ;(isLinux ? test : test.skip)(
    'leaves to the caller the lock and the pipe that it was called with',
    async () => {
      const lock = join(place.sandbox.dir, 'deploy.lock')
      const script = 'exec 200>"$0" 30>&1; exec "$@"'
      const command = ['bash', '-c', script, lock, ...cliCommand]
      // It ends when nothing holds the pipe any more.
      expect(await runCli(place, ['start', fixture('ticker.ts')], { command })).toMatchObject({ code: 0 })
      const pid = await pidOf('ticker')
      expect(openFiles(pid)).not.toContain(lock)
      expect(await runCli(place, ['restart', 'ticker'], { command })).toMatchObject({ code: 0 })
      expect(openFiles(await pidOf('ticker'))).not.toContain(lock)
      expect(await cli('stop', 'ticker')).toMatchObject({ code: 0 })
      // One that is started by `restart`.
      expect(await runCli(place, ['restart', fixture('ticker.ts')], { command })).toMatchObject({ code: 0 })
      expect(openFiles(await pidOf('ticker'))).not.toContain(lock)
      expect(await cli('stop', 'ticker')).toMatchObject({ code: 0 })
    },
  )

  test('gives the daemon a session, a log and nothing of the caller', async () => {
    mkdirSync(join(place.sandbox.dir, 'elsewhere'))
    const words = ['--cwd', join(place.sandbox.dir, 'elsewhere'), '--umask', '077', '--', 'x', '-y']
    const started = await cli('start', fixture('ticker.ts'), '--json', ...words)
    const { pid } = started.json<{ pid: number }>()
    await waitUntil(() => logged().includes('Started'))
    const log = logged()
    expect(log).toMatch(/ stdout +printed by setup\n/)
    expect(log).toContain(`argv ${JSON.stringify([fixture('ticker.ts'), 'x', '-y'])}`)
    expect(log).toContain(`daemonized true, pid file ${join(place.runDirectory, 'ticker.pid')}`)
    expect(log).toContain(`cwd ${join(place.sandbox.dir, 'elsewhere')}, umask 77`)
    expect(log).toContain('launch variables: none')
    // proc_pid_stat(5): behind the name come state, ppid, pgrp, session and tty_nr.
    const [, , group, session, terminal] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .split(') ')[1]!
      .split(' ')
    expect([group, session, terminal]).toEqual([String(pid), String(pid), '0'])
    const stdio = [0, 1, 2].map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`))
    const out = join(place.logDirectory, 'ticker.out')
    expect(stdio).toEqual(['/dev/null', out, out])
    await cli('stop', 'ticker')
  })

  test.each([
    [
      'setup',
      /Error: The daemon has not started: the setup is broken\nIts last lines:\n +failing: about to fail\n/,
    ],
    [
      'environment',
      /has not started: The daemon cannot start here:\n- daemon: the database is missing: create it/,
    ],
    ['import', /has not started: .*failing\.ts cannot be loaded: Error: the module is broken/],
    ['exit', /has ended before it was ready \(exit code 3\)\.\nIts last lines:\n +goodbye, cruel world/],
  ])('tells why a start fails: %s', async (how, message) => {
    const { code, stderr, stdout } = await cli('start', fixture('failing.ts'), how)
    expect(stderr).toMatch(message)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(place.sandbox.processes()).toEqual([])
    expect(leftBehind()).toEqual([])
    const asJson = await cli('start', fixture('failing.ts'), how, '--json')
    expect(asJson.json()).toMatchObject({ error: { code: 'SD_CLI_START' } })
    expect(asJson.code).toBe(1)
  })

  test.each([
    ['start', 2],
    ['run', 3],
  ])('%s tells an expected failure in two lines, and all of it with --verbose', async (word, count) => {
    const brief = await cli(word, fixture('failing.ts'), 'missing-file')
    const all = await cli(word, fixture('failing.ts'), 'missing-file', '--verbose')
    const lines = (text: string): string[] =>
      text.split('\n').filter((line) => line !== '' && !line.startsWith('Starting'))
    expect([brief.code, all.code]).toEqual([1, 1])
    // Where stdout is another place, the log is there: with what was logged before, and with the stop.
    expect(lines(brief.stderr)).toHaveLength(2)
    expect(lines(brief.stdout)).toHaveLength(word === 'run' ? count + 1 : 0)
    expect(brief.stderr).toMatch(/ENOENT.*\n.*failing\.ts:\d+/)
    expect(brief.stderr).not.toContain("code: 'ENOENT'")
    expect(all.stderr).toContain("code: 'ENOENT'")
  })

  test('ends what is not ready in time', async () => {
    const { code, stderr } = await cli('start', fixture('failing.ts'), 'never', '--timeout', '2')
    expect(stderr).toMatch(/was not ready within 2 s, and was ended\. Give it more time with --timeout/)
    expect(code).toBe(1)
    expect(place.sandbox.processes()).toEqual([])
  })

  test('ends what it has begun when it is interrupted', async () => {
    const starting = runFixture(cliCommand.at(-1)!, {
      args: ['start', fixture('failing.ts'), 'never'],
      env: place.env,
    })
    await waitUntil(() => existsSync(join(place.runDirectory, 'failing.sock')))
    starting.kill('SIGINT')
    await starting.waitForLine(/Interrupted: the daemon was not started/)
    expect(await starting.exit).toMatchObject({ code: 1 })
    expect(place.sandbox.processes()).toEqual([])
  })

  test('logs where it is told to', async () => {
    const file = join(place.sandbox.dir, 'here', 'my.log')
    await cli('start', fixture('ticker.ts'), '--log', file)
    await cli('stop', 'ticker')
    expect(read('here', 'my.log')).toMatch(/ stdout +printed by setup\n.*Stopped after/s)
    expect(existsSync(place.logDirectory)).toBe(false)
  })

  test('starts one daemon, however many start it at the same time', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => cli('start', fixture('ticker.ts'), '--json')))
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    const answers = results.map((result) => result.json<{ pid: number; started: boolean }>())
    expect(answers.filter(({ started }) => started)).toHaveLength(1)
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1)
    await cli('stop', 'ticker')
  })

  test('waits for another start of it, however long that takes', async () => {
    const words = ['start', fixture('slow.ts'), '--json', '--', '6000', '0']
    const first = cli(...words)
    await waitUntil(() => existsSync(join(place.runDirectory, 'slow.sock')))
    const results = [await cli(...words), await first]
    expect(results.map(({ code }) => code)).toEqual([0, 0])
    const answers = results.map((result) => result.json<{ pid: number; started: boolean }>())
    expect(answers).toEqual([
      {
        name: 'slow',
        pid: answers[1]!.pid,
        started: false,
        message: expect.stringMatching(/already running/),
      },
      { name: 'slow', pid: expect.any(Number), started: true },
    ])
    await cli('stop', 'slow')
  })

  test('waits for the end of one that stops, and starts it then', async () => {
    const words = ['start', fixture('slow.ts'), '--json', '--', '0', '2000']
    const { pid } = (await cli(...words)).json<{ pid: number }>()
    process.kill(pid, 'SIGTERM')
    await waitUntil(async () => (await stateOf('slow')) !== 'running')
    const again = await cli(...words)
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(again.json()).toEqual({ name: 'slow', pid: expect.any(Number), started: true })
    expect(again.json<{ pid: number }>().pid).not.toBe(pid)
    await cli('stop', 'slow')
  })

  test('leaves one alone that restarts', async () => {
    const words = ['start', fixture('slow.ts'), '--json', '--', '0', '2000']
    const { pid } = (await cli(...words)).json<{ pid: number }>()
    process.kill(pid, 'SIGHUP')
    await waitUntil(async () => (await stateOf('slow')) !== 'running')
    expect((await cli(...words)).json()).toMatchObject({ name: 'slow', pid, started: false })
    await cli('stop', 'slow')
  })

  test('does not take another daemon of that name for this one', async () => {
    await cli('start', fixture('ticker.ts'))
    const copy = join(place.sandbox.dir, 'other.mjs')
    writeFileSync(copy, `export { default } from ${JSON.stringify(fixture('ticker.ts'))}`)
    const { code, stderr } = await cli('start', copy)
    expect(stderr).toMatch(
      /Another daemon is named "ticker": .*ticker\.ts, pid \d+\. Stop it, or give this one/,
    )
    expect(code).toBe(1)
    const link = join(place.sandbox.dir, 'link.ts')
    symlinkSync(fixture('ticker.ts'), link)
    expect((await cli('start', link)).stdout).toMatch(/ticker is already running/)
    expect(await cli('stop', link)).toMatchObject({ code: 0, stdout: 'ticker has stopped.\n' })
  })

  test('leaves alone what runs without a control socket, and holds the lock', async () => {
    const first = runFixture(fixture('locked.ts'), { env: place.env })
    await first.waitForLine(/Started/)
    const { code, stdout } = await cli('start', fixture('locked.ts'))
    expect(stdout).toContain(String(first.pid))
    expect(code).toBe(0)
    const asJson = (await cli('start', fixture('locked.ts'), '--json')).json()
    expect(asJson).toMatchObject({ name: 'locked', pid: first.pid, started: false })
    first.kill('SIGTERM')
    await first.exit
  })

  test.each([
    ['--umask', '9', /--umask must be an octal number/],
    ['--timeout', 'x', /--timeout must be a number/],
    ['--cwd', '/nowhere', /^Error: --cwd: \/nowhere is no directory\. Make it, or name another one\./],
    ['--verbos', '', /There is no option "verbos"\. Did you mean "--verbose"\?/],
  ])('refuses %s %s', async (option, value, message) => {
    const { code, stderr } = await cli('start', fixture('ticker.ts'), option, value)
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  })

  test('says what is wrong with a working directory that was removed, as other commands do not mind', async () => {
    const gone = join(place.sandbox.dir, 'gone')
    const command = [
      'sh',
      '-c',
      `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec "$@"`,
      'sh',
      // What is built finds its own directory only below a node_modules.
      ...sourceCommand,
    ]
    const there = (...words: string[]) => runCli(place, words, { command })
    const refused = await there('start', fixture('ticker.ts'))
    expect(refused.stderr).toMatch(
      /^Error: The working directory was removed, .* or name one with --cwd DIRECTORY/,
    )
    expect(refused.code).toBe(1)
    expect(await there('start', fixture('ticker.ts'), '--cwd', place.sandbox.dir)).toMatchObject({ code: 0 })
    expect((await there('list')).stdout).toMatch(/^ticker /m)
    expect(await there('stop', 'ticker')).toMatchObject({ code: 0, stdout: 'ticker has stopped.\n' })
  })

  test('keeps a log directory that others can write to out of it', async () => {
    mkdirSync(place.logDirectory)
    const { chmodSync } = await import('node:fs')
    chmodSync(place.logDirectory, 0o777)
    const { code, stderr } = await cli('start', fixture('ticker.ts'))
    expect(stderr).toContain(place.logDirectory)
    expect(stderr).toContain('SD_LOG_DIR')
    expect(code).toBe(1)
  })

  test('keeps what the last run has printed', async () => {
    mkdirSync(place.logDirectory, { mode: 0o700 })
    writeFileSync(join(place.logDirectory, 'ticker.out'), 'a crash\n')
    await cli('start', fixture('ticker.ts'))
    expect([read('log', 'ticker.out'), read('log', 'ticker.out.1')]).toEqual(['', 'a crash\n'])
    await cli('stop', 'ticker')
  })
})

describe('what a detached daemon prints', () => {
  const printed = () => (existsSync(join(place.logDirectory, 'flood.log')) ? read('log', 'flood.log') : '')

  test.each(['in-one-turn', 'waiting'])('is all in its log, however much it is: %s', async (manner) => {
    expect(await cli('start', fixture('flood.ts'), '--', manner)).toMatchObject({ code: 0 })
    await waitUntil(() => printed().includes('all is printed'), 'all is in the log', 60_000)
    const numbers = [...printed().matchAll(/ line (\d+) x/g)].map(([, number]) => Number(number))
    expect(numbers).toEqual(Array.from({ length: 204_800 }, (_, number) => number))
    if (manner === 'waiting') expect(printed()).toContain('waited true')
    await cli('stop', 'flood')
  })

  test('is there also where one line is larger than what usually waits', async () => {
    expect(await cli('start', fixture('flood.ts'), '--', 'large')).toMatchObject({ code: 0 })
    await waitUntil(() => printed().includes('all is printed'), 'all is in the log', 60_000)
    expect(printed().match(/y/g)!.length).toBeGreaterThanOrEqual(5_000_000)
    expect(printed()).toMatch(/ü\n/)
    await cli('stop', 'flood')
  })
})

describe('a daemon that was killed', () => {
  test('is dead to status, and starts again at once', async () => {
    await cli('start', fixture('ticker.ts'))
    const pid = await pidOf('ticker')
    process.kill(pid, 'SIGKILL')
    await waitUntil(() => place.sandbox.processes().length === 0)
    const dead = await cli('status', 'ticker', '--json')
    expect(dead.code).toBe(1)
    expect(dead.json()).toMatchObject({ name: 'ticker', state: 'dead', running: false, pid: null })
    expect((await cli('status', fixture('ticker.ts'))).code).toBe(1)
    expect((await cli('logs', 'ticker')).stdout).toMatch(/tick/)
    for (const command of ['stats', 'calls', 'restart']) {
      const { code, stderr } = await cli(command, 'ticker')
      expect({ code, stderr }).toMatchObject({ code: 7, stderr: expect.stringMatching(/ticker has died/) })
    }
    expect(await cli('stop', 'ticker')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/it has died/),
    })
    expect((await cli('start', fixture('ticker.ts'))).stdout).toMatch(/ticker runs/)
    expect(await pidOf('ticker')).not.toBe(pid)
    expect((await cli('stop', 'ticker')).code).toBe(0)
    expect((await cli('status', 'ticker')).code).toBe(3)
  })

  test('without a control socket is stopped and restarted by its pid file', async () => {
    await cli('start', fixture('ticker.ts'), '--no-control', '-p', join(place.sandbox.dir, 'my.pid'))
    const pid = Number(read('my.pid').split('\n')[0])
    const named = ['ticker', '-p', join(place.sandbox.dir, 'my.pid')]
    const status = await cli('status', ...named, '--json')
    expect(status).toMatchObject({ code: 0 })
    expect(status.json()).toMatchObject({ running: true, pid, problem: 'it has no control socket' })
    expect((await cli('restart', ...named, '--json')).json()).toEqual({ name: 'ticker', pid, restarts: null })
    await waitUntil(() => logged().includes('restart 1 because of SIGHUP'))
    expect(Number(read('my.pid').split('\n')[0])).toBe(pid)
    const stopped = await cli('stop', ...named)
    expect(stopped).toMatchObject({ code: 0, stdout: 'ticker has stopped.\n' })
    expect(stopped.stderr).toMatch(/SIGTERM to \d+\): it has no control socket/)
    expect(existsSync(join(place.sandbox.dir, 'my.pid'))).toBe(false)
  })
})
