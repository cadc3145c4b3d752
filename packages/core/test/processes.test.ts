import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

function run(name: string, ...args: string[]): Fixture {
  const env = { ...sandbox.env, FORCE_COLOR: '0' }
  return runFixture(new URL(`./fixtures/${name}`, import.meta.url), { args, env })
}

async function runUntilUp(...manners: string[]): Promise<Fixture> {
  const fixture = run('signals.ts', ...manners)
  await fixture.waitForLine(/^up$/)
  return fixture
}

/** Longer than the time within which two orders to stop are one. Milliseconds. */
const ONE_ORDER = 400

const printed = (fixture: Fixture): string => fixture.lines.join('\n')

describe('a stop by signal', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s is graceful', async (signal) => {
    const fixture = await runUntilUp()
    fixture.kill(signal)
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(printed(fixture)).toMatch(
      new RegExp(`${signal}: stopping[\\s\\S]*torn down: signal[\\s\\S]*report: signal ${signal} 0 0`),
    )
  })

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('a second %s means at once, with exit code %d', async (signal, code) => {
    const fixture = run('signals.ts', 'hanging', 'leftover')
    await fixture.waitForLine(/^hanging$/)
    fixture.kill(signal)
    await fixture.waitForLine(/: stopping$/)
    await sleep(ONE_ORDER)
    fixture.kill(signal)
    expect(await fixture.exit).toEqual({ code, signal: null })
    expect(printed(fixture)).toMatch(/stopping at once[\s\S]*torn down: signal/)
    expect(printed(fixture)).toContain('loop execute() did not end in time')
  })

  test('a third one waits for nothing', async () => {
    const fixture = await runUntilUp('hanging-drain', 'slow-stop')
    for (const line of [/: stopping$/, /: stopping at once$/]) {
      fixture.kill('SIGTERM')
      await fixture.waitForLine(line)
      await sleep(ONE_ORDER)
    }
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 143, signal: null })
    expect(printed(fixture)).not.toContain('torn down')
  })

  test.each([
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
    ['SIGHUP', 'SIGTERM'],
  ] as const)('%s and %s within a moment are one order', async (first, second) => {
    const fixture = await runUntilUp('slow-stop')
    fixture.kill(first)
    await fixture.waitForLine(/: stopping/)
    fixture.kill(second)
    fixture.kill(second)
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(printed(fixture)).not.toContain('at once')
  })

  test('a signal right behind another order to stop belongs to it', async () => {
    const fixture = await runUntilUp('slow-stop', 'ordered')
    fixture.tell('terminate')
    await fixture.waitForLine(/somebody else: stopping/)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(printed(fixture)).not.toContain('at once')
  })

  test('is one order under a package manager that passes on what its process group has been sent, too', async () => {
    const { dir } = sandbox
    fs.writeFileSync(join(dir, 'package.json'), '{ "scripts": { "start": "env" } }')
    const fixture = runFixture(new URL('./fixtures/signals.ts', import.meta.url), {
      args: ['slow-stop'],
      env: sandbox.env,
      prefix: ['setsid', 'npm', '--prefix', dir, 'start', '--'],
    })
    await fixture.waitForLine(/^up$/)
    process.kill(-fixture.pid, 'SIGTERM')
    await fixture.waitForLine(/^report: signal SIGTERM 0 0$/)
    await fixture.exit
    expect(printed(fixture)).not.toContain('at once')
  })

  test('while starting is not put off by a setup that hangs, and unwinds what has started', async () => {
    const fixture = run('signals.ts', 'hanging-setup')
    await fixture.waitForLine(/^setting up$/)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 1, signal: null })
    expect(printed(fixture)).toMatch(/torn down: signal[\s\S]*daemon.setup did not end in time/)
  })

  test('ends the process although a socket and a timer of the user are left, and says so', async () => {
    const fixture = await runUntilUp('leftover')
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(printed(fixture)).toMatch(/still held open \(.*(TCPSocketWrap|TCPServerWrap).*\) and is ended now/)
  })

  test('of two daemons in one process lets the slower one end, too', async () => {
    const fixture = run('two-daemons.ts')
    await fixture.waitForLine(/^both run/)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(printed(fixture)).toContain('slow has torn down')
  })

  test('a late signal does not turn the clean end into a kill', async () => {
    const fixture = await runUntilUp('leftover')
    fixture.kill('SIGTERM')
    await fixture.waitForLine(/^report:/)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  })

  test('works without a clock, too', async () => {
    const fixture = run('signals.ts', 'block')
    await fixture.waitForLine(/Started/)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  })
})

describe('on("signal")', () => {
  test('is told of every signal, and can replace what it does', async () => {
    const fixture = run('replacing.ts')
    await fixture.waitForLine(/^up$/)
    const effects = {
      SIGHUP: 'stop',
      SIGUSR1: 'statistics',
      SIGCONT: 'wake',
      SIGUSR2: 'undefined',
      SIGTERM: 'stop',
      SIGINT: 'stop',
    } as const
    for (const [signal, effect] of Object.entries(effects)) {
      fixture.kill(signal as NodeJS.Signals)
      await fixture.waitForLine(new RegExp(`^told ${signal} true ${effect}$`))
    }
    fixture.tell('let go')
    await fixture.waitForLine(/^lets go$/)
    expect(printed(fixture)).not.toMatch(/Statistics|stopping/)
    await sleep(ONE_ORDER)
    fixture.kill('SIGINT')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(fixture.lines).toContain('report: signal SIGINT 0')
  })

  test('replaces nothing where the listener fails', async () => {
    const fixture = run('replacing.ts', 'throws')
    await fixture.waitForLine(/^up$/)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(fixture.lines).toContain('report: signal SIGTERM 0')
  })
})

describe('other signals', () => {
  test('SIGUSR1 writes the statistics to the log', async () => {
    const fixture = await runUntilUp()
    fixture.kill('SIGUSR1')
    await fixture.waitForLine(/Statistics$/)
    await fixture.waitForLine(/ {2}state: running$/)
    await fixture.waitForLine(/ {4}iterations: \d+$/)
    await fixture.waitForLine(/ {2}plugins$/)
    await fixture.waitForLine(/ {6}open: true$/)
    await fixture.waitForLine(/ {10}name: bob$/)
    await fixture.waitForLine(/ {6}none: none$/)
    fixture.kill('SIGTERM')
    expect((await fixture.exit).code).toBe(0)
  })

  test('SIGCONT wakes a sleeping loop', async () => {
    const fixture = run('wake.ts')
    await fixture.waitForLine(/^iteration 1$/)
    // The loop may not sleep yet at that moment.
    await sleep(100)
    fixture.kill('SIGCONT')
    await fixture.waitForLine(/^iteration 2$/)
    fixture.kill('SIGTERM')
    expect((await fixture.exit).code).toBe(0)
  })

  test.each(['SIGUSR2', 'SIGALRM', 'SIGPIPE'] as const)(
    '%s reaches on("signal") with its number',
    async (signal) => {
      const fixture = await runUntilUp('listen')
      fixture.kill(signal)
      const [, number] = await fixture.waitForLine(new RegExp(`^got ${signal} (\\d+)$`))
      expect(Number(number)).toBeGreaterThan(0)
      fixture.kill('SIGTERM')
      expect((await fixture.exit).code).toBe(0)
    },
  )

  test.each(['SIGUSR2', 'SIGALRM'] as const)(
    '%s does what it always does when nobody listens',
    async (signal) => {
      const fixture = await runUntilUp()
      fixture.kill(signal)
      expect(await fixture.exit).toEqual({ code: null, signal })
    },
  )

  test('SIGPIPE is ignored when nobody listens', async () => {
    const fixture = await runUntilUp()
    fixture.kill('SIGPIPE')
    await sleep(100)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  })

  test('SIGHUP restarts where there is a restarter', async () => {
    const fixture = run('restartable.ts')
    await fixture.waitForLine(/^up$/)
    fixture.kill('SIGHUP')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(printed(fixture)).toMatch(/Restarting: SIGHUP[\s\S]*Stopped after[\s\S]*restarting: SIGHUP/)
  })

  test('SIGTERM during a restart stops for good', async () => {
    const fixture = run('restartable.ts')
    await fixture.waitForLine(/^up$/)
    fixture.kill('SIGHUP')
    await fixture.waitForLine(/Restarting: SIGHUP/)
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
    expect(printed(fixture)).toContain('SIGTERM: stopping instead of restarting')
    expect(printed(fixture)).not.toContain('restarting: SIGHUP')
  })

  test('a restart that fails ends with exit code 1', async () => {
    const fixture = run('restartable.ts', 'failing')
    await fixture.waitForLine(/^up$/)
    fixture.kill('SIGHUP')
    expect(await fixture.exit).toEqual({ code: 1, signal: null })
    expect(printed(fixture)).toContain('no successor')
  })
})

describe('a daemon whose stdout and stderr are gone', () => {
  const logging = fileURLToPath(new URL('./fixtures/logging.ts', import.meta.url))
  const command = (up: string): string[] => [process.execPath, '-C', '@sd/source', logging, 'own-logger', up]

  test('as a pipe goes on with a logger of its own, and hears a signal', async () => {
    const up = join(sandbox.dir, 'up')
    const daemon = spawn(command(up)[0]!, command(up).slice(1), {
      env: { ...process.env, ...sandbox.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = once(daemon, 'exit')
    daemon.stdout.destroy()
    daemon.stderr.destroy()
    await waitUntil(() => fs.existsSync(up), 'it has gone on for 200 lines', 30_000)
    daemon.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  test('as a terminal does, too', async () => {
    const up = join(sandbox.dir, 'up')
    const pidFile = join(sandbox.dir, 'pid')
    // script(1) makes a terminal; ended, it takes that away, and with it only what is not in a session of its own.
    const inSession = `setsid sh -c 'echo $$ > "${pidFile}"; exec "$0" "$@"' ${command(up).join(' ')} & sleep 1000`
    const terminal = spawn('script', ['-qfec', inSession, '/dev/null'], {
      env: { ...process.env, ...sandbox.env },
      stdio: 'ignore',
    })
    await waitUntil(() => fs.existsSync(pidFile) && fs.readFileSync(pidFile, 'utf8') !== '')
    const pid = Number(fs.readFileSync(pidFile, 'utf8'))
    terminal.kill('SIGKILL')
    await waitUntil(() => fs.existsSync(up), 'it has gone on for 200 lines', 30_000)
    process.kill(pid, 'SIGTERM')
    await waitUntil(() => !sandbox.processes().some((each) => each.pid === pid), 'it has ended')
    for (const { pid: left } of sandbox.processes()) process.kill(left, 'SIGKILL')
  })
})

describe('a failure', () => {
  test.each([
    ['uncaught', /Error: out of nowhere/],
    ['unhandled', /Error: nobody cared/],
    ['throws', /Error: execute is broken/],
  ])('%s tears everything down and ends with exit code 1', async (manner, message) => {
    const fixture = run('signals.ts', manner)
    expect(await fixture.exit).toEqual({ code: 1, signal: null })
    expect(printed(fixture)).toMatch(message)
    expect(printed(fixture)).toMatch(/^error: /m)
    expect(printed(fixture)).toMatch(/torn down: fatal[\s\S]*report: fatal undefined 1 0/)
  })

  test.each([
    ['options', /option "interval" must be a number of milliseconds/, false],
    ['environment', /The daemon cannot start here:[\s\S]*- broken: install a thing/, false],
    ['setup', /Error: cannot set up/, true],
  ])('to start (%s) is shown, and ends with exit code 1', async (how, message, tornDown) => {
    const fixture = run('failed-start.ts', how)
    expect(await fixture.exit).toEqual({ code: 1, signal: null })
    expect(printed(fixture)).toMatch(message)
    expect(printed(fixture).includes('torn down: failed-start')).toBe(tornDown)
    expect(printed(fixture)).not.toContain('never reached')
  })
})

describe('the log of a process', () => {
  const logFile = (): string => join(sandbox.dir, 'daemon.log')

  test('loses nothing at process.exit', async () => {
    const fixture = run('logging.ts', 'exit', logFile())
    expect((await fixture.exit).code).toBe(0)
    const lines = fs.readFileSync(logFile(), 'utf8').split('\n')
    expect(lines[0]).toMatch(/^Date /)
    expect(lines.filter((line) => / line \d+$/.test(line))).toHaveLength(1000)
    expect(lines.filter((line) => / at the (start|end)$/.test(line))).toHaveLength(2)
  })

  test('takes what is said after the end', async () => {
    const fixture = run('logging.ts', 'after', logFile())
    expect((await fixture.exit).code).toBe(0)
    expect(fs.readFileSync(logFile(), 'utf8')).toMatch(/Stopped after .*\n.* after the end\n$/)
    expect(fixture.lines.at(-1)).toMatch(/after the end$/)
  })

  test('on a full disk does not keep the daemon from ending', async () => {
    const fixture = run('logging.ts', 'chatty', '/dev/full')
    expect((await fixture.exit).code).toBe(0)
    expect(fixture.lines.filter((line) => /cannot be written: ENOSPC/.test(line))).toHaveLength(1)
  })

  test.each(['head -1', 'true', 'cat >/dev/full', 'sleep 0.2'])(
    'survives that stdout ends in `%s`',
    (reader) => {
      const file = new URL('./fixtures/logging.ts', import.meta.url).pathname
      const command = `{ "$0" -C @sd/source "$1" chatty "$2"; echo "code $?" >&2; } 2>"$3" | ${reader} || true`
      const messages = join(sandbox.dir, 'stderr')
      execFileSync('sh', ['-c', command, process.execPath, file, logFile(), messages], {
        env: { ...process.env, ...sandbox.env },
        stdio: 'ignore',
      })
      expect(fs.readFileSync(messages, 'utf8')).toBe('still alive\ncode 0\n')
      expect(fs.readFileSync(logFile(), 'utf8')).toContain(' line 100\n')
    },
  )

  test('a process that had listened for signals survives a closed pipe when its daemon has stopped', () => {
    const file = new URL('./fixtures/logging.ts', import.meta.url).pathname
    const command = `{ "$0" -C @sd/source "$1" piped; echo "code $?" >&2; } 2>"$2" | true`
    const messages = join(sandbox.dir, 'stderr')
    execFileSync('sh', ['-c', command, process.execPath, file, messages], {
      env: { ...process.env, ...sandbox.env },
      stdio: 'ignore',
    })
    expect(fs.readFileSync(messages, 'utf8')).toBe('EPIPE\ncode 0\n')
  })

  test('survives a stdout that is a full disk', () => {
    const file = new URL('./fixtures/logging.ts', import.meta.url).pathname
    const full = fs.openSync('/dev/full', 'w')
    execFileSync(process.execPath, ['-C', '@sd/source', file, 'chatty', logFile()], {
      env: { ...process.env, ...sandbox.env },
      stdio: ['ignore', full, 'ignore'],
    })
    fs.closeSync(full)
    expect(fs.readFileSync(logFile(), 'utf8')).toContain(' line 100\n')
  })
})

describe('a process', () => {
  test('that ran 200 daemons has no listener and no timer left', async () => {
    const fixture = run('many-daemons.ts', join(sandbox.dir, 'daemon.log'))
    expect((await fixture.exit).code).toBe(0)
    expect(fixture.lines.filter((line) => /warning/i.test(line))).toEqual([])
    expect(fixture.lines.at(-1)).toBe('clean')
  })

  test('keeps the grid for 200 iterations', async () => {
    const fixture = run('drift.ts')
    expect((await fixture.exit).code).toBe(0)
    const lateness: number[] = JSON.parse(fixture.lines.at(-1)!)
    expect(lateness).toHaveLength(200)
    // A busy machine makes single iterations late, or skips slots. What must not happen is that the grid moves:
    // the most punctual of the second half is as punctual as the most punctual of the first.
    const growth = Math.min(...lateness.slice(100)) - Math.min(...lateness.slice(0, 100))
    expect(growth).toBeLessThan(4)
    // And none is early.
    expect(Math.min(...lateness)).toBeGreaterThan(-0.01)
  })
})
