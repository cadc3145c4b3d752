import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Life, type LifeRecord, lifePath, listLives, readLife } from '@sd/control/life'
import { identify, readBoot } from '@sd/core/process-identity'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { formatLifeRecord, LONGEST_RECORD } from '../src/life/life-record.ts'

let sandbox: Sandbox
let directory: string

beforeEach(() => {
  sandbox = createSandbox()
  directory = join(sandbox.dir, 'run')
})

afterEach(() => sandbox.assertNothingLeft())

function launch(args: string[] = [], env: Record<string, string> = {}): Fixture {
  return runFixture(new URL('./fixtures/living.ts', import.meta.url), {
    args,
    env: { ...sandbox.env, SD_RUN_DIR: directory, ...env },
  })
}

const life = (name = 'living'): Life => readLife(name, directory)!
const whenState = (state: string): Promise<void> => waitUntil(() => life()?.state === state, `it is ${state}`)

describe('the record of a life', () => {
  test('tells of a daemon that runs, to its user only', async () => {
    const daemon = launch()
    await daemon.waitForLine(/^up/)
    await whenState('running')
    expect(life()).toEqual({
      name: 'living',
      process: { ...identify(daemon.pid), boot: readBoot() },
      ...{ state: 'running', isAlive: true, owner: process.getuid!() },
      path: lifePath('living', directory),
      ...{ since: expect.any(String), reason: null, retry: null, end: null, crash: null },
      program: expect.stringMatching(/living\.ts$/),
      ...{ logFile: `${directory}.log`, outFile: null, pidFile: null },
    })
    expect(statSync(lifePath('living', directory)).mode & 0o777).toBe(0o600)
    daemon.kill('SIGTERM')
    await daemon.exit
    expect(life()).toMatchObject({
      ...{ state: 'ended', isAlive: false },
      end: { reason: 'signal', why: 'SIGTERM', exitCode: 0, error: null, uptime: expect.any(Number) },
    })
    expect(life().end!.log.at(-1)!.message).toMatch(/^Stopped/)
    // Nothing but the record is left.
    expect(readdirSync(directory)).toEqual(['living.life'])
  })

  test('tells what a crash was about, also to the next life, and to those after', async () => {
    const first = launch()
    await first.waitForLine(/^up/)
    first.tell('fail')
    expect(await first.exit).toMatchObject({ code: 1 })
    const crash = {
      reason: 'fatal',
      ...{ pid: first.pid, exitCode: 1, at: expect.any(String) },
      error: {
        ...{ name: 'Error', message: 'the database has gone', code: 'E_GONE' },
        stack: expect.stringContaining('living.ts'),
      },
      log: expect.arrayContaining([
        expect.objectContaining({ level: 'fatal', message: expect.stringContaining('database has gone') }),
      ]),
    }
    expect(life()).toMatchObject({ state: 'ended', end: crash, crash: null })
    const second = launch()
    await second.waitForLine(/^up/)
    await whenState('running')
    expect(life()).toMatchObject({ process: { pid: second.pid }, end: crash })
    second.kill('SIGTERM')
    await second.exit
    expect(life()).toMatchObject({ state: 'ended', end: { reason: 'signal' }, crash })
  })

  test('tells of a failed start, and of a process that ends on its own', async () => {
    const failing = launch(['living', 'the port is busy'])
    await failing.exit
    expect(life().end).toMatchObject({
      reason: 'failed-start',
      exitCode: 1,
      error: { message: 'the port is busy' },
    })
    const leaving = launch()
    await leaving.waitForLine(/^up/)
    leaving.tell('exit')
    await leaving.exit
    expect(life()).toMatchObject({
      end: { reason: 'exit', exitCode: 3 },
      state: 'ended',
    })
  })

  test('of a process that was killed is completed by its reader, and by the next life', async () => {
    const killed = launch()
    await killed.waitForLine(/^up/)
    await whenState('running')
    killed.kill('SIGKILL')
    await killed.exit
    const end = { reason: 'killed', pid: killed.pid, at: null, exitCode: null }
    expect(life()).toMatchObject({ state: 'ended', isAlive: false, end })
    const next = launch()
    await next.waitForLine(/^up/)
    await whenState('running')
    expect(life()).toMatchObject({ process: { pid: next.pid }, end })
    next.kill('SIGTERM')
    await next.exit
  })

  test('goes on over a restart in place', async () => {
    const daemon = launch([], { SD_SUPERVISED: '1' })
    await daemon.waitForLine(/^up/)
    daemon.tell('restart')
    await waitUntil(() => life().end !== null && life().state === 'running', 'it runs again')
    expect(life()).toMatchObject({
      process: { pid: daemon.pid },
      end: { reason: 'restart', why: 'the test says so', exitCode: null },
      crash: null,
    })
    daemon.kill('SIGTERM')
    await daemon.exit
    expect(life()).toMatchObject({ state: 'ended', end: { reason: 'signal' } })
  })

  test('says of one that is tried again when, and why', async () => {
    const daemon = launch([], { RESTARTS: 'yes' })
    await daemon.waitForLine(/^up/)
    daemon.tell('fail')
    await whenState('retrying')
    expect(life()).toMatchObject({
      isAlive: true,
      retry: { reason: expect.stringContaining('the database has gone'), failures: 1, limit: 10 },
      end: { reason: 'fatal', error: { message: 'the database has gone' } },
    })
    expect(Date.parse(life().retry!.next!)).toBeGreaterThan(Date.now())
    daemon.kill('SIGTERM')
    await daemon.exit
    expect(life()).toMatchObject({ state: 'ended' })
  })

  test('of a daemon that lives is not taken over by another one of that name', async () => {
    const first = launch()
    await first.waitForLine(/^up/)
    await whenState('running')
    const second = launch()
    await second.waitForLine(/^up/)
    second.kill('SIGTERM')
    await second.exit
    expect(life()).toMatchObject({ state: 'running', process: { pid: first.pid } })
    first.kill('SIGTERM')
    await first.exit
  })
})

describe('what is no record', () => {
  const record: LifeRecord = {
    ...{ name: 'odd', process: { pid: 1, startTime: '1', boot: 'none' }, state: 'running' },
    ...{ since: new Date(0).toISOString(), reason: null, retry: null, program: null, logFile: null },
    ...{ outFile: null, pidFile: null, end: null, crash: null },
  }
  const write = (value: unknown, name = 'odd'): string => {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const path = lifePath(name, directory)
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 })
    return path
  }

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['no object', 'null'],
    ['another name', { ...record, name: 'other' }],
    ['a wrong pid', { ...record, process: { ...record.process, pid: -1 } }],
    ['a wrong state', { ...record, state: '\u001b[2J' }],
    ['no time', { ...record, since: 'yesterday' }],
    ['too long', JSON.stringify(record) + ' '.repeat(LONGEST_RECORD)],
  ])('is not believed: %s', (_, value) => {
    write(value)
    expect(readLife('odd', directory)).toBeUndefined()
    expect(listLives(directory)).toEqual([])
  })

  test('is not believed where others can write it, or it is a link', () => {
    const path = write(record)
    expect(readLife('odd', directory)).toBeDefined()
    chmodSync(path, 0o666)
    expect(readLife('odd', directory)).toBeUndefined()
    chmodSync(path, 0o600)
    symlinkSync(path, lifePath('linked', directory))
    expect(readLife('linked', directory)).toBeUndefined()
    expect(readLife('../run/odd', directory)).toBeUndefined()
  })

  test('is read as what it should be, whatever it holds', () => {
    const end = { pid: 'x', at: 7, reason: [], log: 'none' }
    write({
      ...record,
      retry: 3,
      program: {},
      end,
      crash: { pid: 5, reason: 'fatal', at: 'x', error: 1, log: [1, {}] },
    })
    expect(readLife('odd', directory)).toMatchObject({
      retry: null,
      program: null,
      end: { reason: 'killed' },
    })
  })

  test('is never written too long', () => {
    const text = '\u0001'.repeat(1_000_000)
    const line = { time: record.since, pid: 1, label: text, level: 'info', message: text }
    const error = { name: text, message: text, code: text, stack: text }
    const end = {
      pid: 1,
      at: null,
      reason: 'fatal',
      why: text,
      exitCode: 1,
      uptime: 1,
      error,
      log: Array(20).fill(line),
    }
    const long = formatLifeRecord({ ...record, program: text, logFile: text, end, crash: end, reason: text })
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(LONGEST_RECORD)
    const path = write(long)
    expect(readLife('odd', directory)).toBeDefined()
    expect(readFileSync(path, 'utf8')).toBe(long)
  })
})
