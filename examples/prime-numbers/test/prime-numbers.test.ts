import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { checkJobs } from '../demo/check-jobs.ts'
import { type Job, openJobDatabase } from '../jobs/job-database.ts'

/** Node takes its time when all tests run at once. Milliseconds. */
const PATIENCE = 40_000

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(async () => {
  await sandbox.assertNothingLeft()
})

describe('the daemon', () => {
  function start(): Fixture {
    return runFixture(new URL('../prime-numbers.ts', import.meta.url), {
      env: { ...sandbox.env, PRIME_NUMBERS_DIR: sandbox.dir },
    })
  }

  test('does on each signal what settings.ini says, and records every job', async () => {
    const daemon = start()
    await daemon.waitForLine(/ Started \(every 1000 ms\)/, PATIENCE)

    daemon.kill('SIGUSR2')
    await daemon.waitForLine(/factors {10}#1 \d+ has \d+ factors/, PATIENCE)
    await daemon.waitForLine(/primes {11}#2 prime factors of \d+: \d/)

    daemon.kill('SIGPIPE')
    await daemon.waitForLine(/primes {11}#3 \d+ primes from \d+ to \d+/)
    // A handler logs the result a moment before the database has it.
    await waitUntil(() => states().join() === 'returned,returned,returned', 'all three are recorded')

    daemon.kill('SIGALRM')
    await daemon.waitForLine(/Automatic running is on/)
    await waitUntil(() => states().length > 3, 'a job has started by itself')
    daemon.kill('SIGALRM')
    await daemon.waitForLine(/Automatic running is off/)

    daemon.kill('SIGTERM')
    expect(await daemon.exit).toEqual({ code: 0, signal: null })
    expect(checkJobs(jobs())).toEqual([])
    expect(jobs().slice(0, 3).map(describeJob)).toEqual([
      'factors.factors',
      'primes.primesAmong',
      'primes.sieve',
    ])
    for (const job of jobs().slice(0, 3)) {
      expect(job).toMatchObject({ daemon: daemon.pid, retries: 0, error: null })
      expect(job.pid).not.toBe(daemon.pid)
      expect(job.calledAt).toBeLessThanOrEqual(job.startedAt!)
      expect(job.startedAt).toBeLessThanOrEqual(job.endedAt!)
    }
  })

  test('stops in the middle of its work without losing a call', async () => {
    const daemon = start()
    await daemon.waitForLine(/ Started /, PATIENCE)
    for (let job = 0; job < 20; job++) {
      daemon.kill('SIGUSR2')
      await waitUntil(() => states().length > job, 'the job has started')
    }
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toEqual({ code: 0, signal: null })
    expect(states()).not.toContain('called')
    expect(checkJobs(jobs())).toEqual([])
  })

  test('logs to one file a day, and closes its database', async () => {
    const daemon = start()
    await daemon.waitForLine(/ Started /, PATIENCE)
    daemon.kill('SIGINT')
    expect(await daemon.exit).toEqual({ code: 0, signal: null })
    const [name, ...others] = readdirSync(join(sandbox.dir, 'logs'))
    expect(name).toMatch(/^\d{4}-\d\d-\d\d\.log$/)
    expect(others).toEqual([])
    expect(readFileSync(join(sandbox.dir, 'logs', name!), 'utf8')).toMatch(/^Date .*Message\n.* Started /s)
    expect(readdirSync(sandbox.dir).sort()).toEqual(['jobs.sqlite', 'logs'])
  })

  function states(): string[] {
    return jobs().map(({ state }) => state)
  }

  function jobs(): Job[] {
    const file = join(sandbox.dir, 'jobs.sqlite')
    if (!existsSync(file)) return []
    const database = openJobDatabase(file)
    const all = database.list()
    database.close()
    return all
  }

  function describeJob({ worker, method }: Job): string {
    return `${worker}.${method}`
  }
})

describe('the demo', () => {
  /** Its temporary directory is in the sandbox, where it must be gone at the end. */
  function start(seconds: number): Fixture {
    return runFixture(new URL('../demo.ts', import.meta.url), {
      args: [String(seconds)],
      env: { ...sandbox.env, TMPDIR: sandbox.dir },
    })
  }

  afterEach(() => sandbox.assertNothingLeft({ emptyDir: true }))

  test('ends by itself with a table of all jobs', async () => {
    const demo = start(3)
    expect(await demo.exit).toEqual({ code: 0, signal: null })
    const output = demo.lines.join('\n')
    expect(output).toMatch(/^ {2}worker +method +calls +returned +failed +cancelled +mean +p99$/m)
    expect(output).toMatch(/^ {2}primes +sieve +\d+ +\d+ +0 +\d+ +[\d.]+ ms +[\d.]+ ms$/m)
    expect(output).toMatch(/No call was lost; all results were computed again and found right\.$/)
    expect(output).not.toMatch(/Warning/)
  })

  test('tidies up after Ctrl-C while it works', async () => {
    const demo = start(60)
    await demo.waitForLine(/#\d+ /, PATIENCE)
    demo.kill('SIGINT')
    expect(await demo.exit).toEqual({ code: 0, signal: null })
    expect(demo.lines.join('\n')).toMatch(/Stopped after .*No call was lost/s)
  })

  test('tidies up after Ctrl-C while it starts', async () => {
    const demo = start(60)
    await demo.waitForLine(/Ctrl-C stops it/, PATIENCE)
    demo.kill('SIGINT')
    expect(await demo.exit).toEqual({ code: 0, signal: null })
    expect(demo.lines.at(-2)).toBe('>>> Stopped before the daemon was up.')
  })

  test('takes the daemon with it when it is killed', async () => {
    const demo = start(60)
    await demo.waitForLine(/Automatic running is on/, PATIENCE)
    demo.kill('SIGKILL')
    await demo.exit
    await waitUntil(() => sandbox.processes().length === 0, 'the daemon is gone')
    // A killed demo cannot tidy up: its directory is the one thing that stays.
    const left = readdirSync(sandbox.dir)
    expect(left).toEqual([expect.stringMatching(/^prime-numbers-/)])
    rmSync(join(sandbox.dir, left[0]!), { recursive: true })
  })
})
