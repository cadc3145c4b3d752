import { mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { connectControl } from '@sd/control/client'
import { readLife } from '@sd/control/life'
import { runFixture, waitUntil } from '@sd/testing'
import { cliCommand, fixture, runCli } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

const place = usePlaces()
const { test } = place

const cli = (...words: string[]) => runCli(place, words)
const json = async (...words: string[]): Promise<Record<string, unknown>> => {
  const result = await cli(...words, '--json')
  return { code: result.code, ...result.json() }
}
const list = async (...words: string[]) => (await cli('list', ...words, '--json')).json()

async function start(...args: string[]): Promise<number> {
  return (await json('start', fixture('mortal.ts'), ...args)).pid as number
}

async function tell(what: string): Promise<void> {
  const client = await connectControl('mortal', { directory: place.runDirectory })
  await client.call('do', { what })
  await client.close()
}

const untilState = (state: string) =>
  waitUntil(() => readLife('mortal', place.runDirectory)?.state === state, `it is ${state}`)
const untilGone = () => waitUntil(() => place.sandbox.processes().length === 0, 'its process has ended')

describe('a daemon that has crashed', () => {
  test('says so, and why, also after the next start', async () => {
    const pid = await start()
    await tell('fail')
    await untilGone()
    const end = {
      ...{ pid, reason: 'fatal', exitCode: 1 },
      error: {
        code: 'E_GONE',
        message: 'the database has gone\u001b[2J',
        stack: expect.stringContaining('mortal.ts'),
      },
      log: expect.arrayContaining([expect.objectContaining({ level: 'fatal' })]),
    }
    const logFile = join(place.logDirectory, 'mortal.log')
    expect(await json('status', 'mortal')).toMatchObject({
      ...{ code: 3, running: false, state: 'crashed', end, logFile: { path: logFile } },
    })
    expect(await list()).toMatchObject([{ name: 'mortal', state: 'crashed', pid: null }])
    const { stdout } = await cli('status', fixture('mortal.ts'))
    expect(stdout).toContain('the database has gone')
    expect(stdout).toContain(logFile)
    expect(stdout).not.toContain('\u001b')
    const logs = await cli('logs', 'mortal')
    expect(logs).toMatchObject({ code: 0, stdout: expect.stringContaining('the database has gone') })
    expect(logs.stderr).toContain('a fatal error')

    await start()
    expect(await json('status', 'mortal')).toMatchObject({ code: 0, running: true, end })
    expect((await cli('logs', 'mortal', '-n', '100')).stdout).toMatch(/database has gone[\s\S]*Started/)
    expect(await cli('stop', 'mortal')).toMatchObject({ code: 0 })
    expect(await json('status', 'mortal')).toMatchObject({
      ...{ code: 3, state: 'stopped', crash: end },
      end: { reason: 'signal', exitCode: 0 },
    })
    expect(await list()).toEqual([])
    expect(await list('--all')).toMatchObject([{ name: 'mortal', state: 'stopped' }])
  })

  test('and has left nothing is suggested under its own name, and is forgotten when it was cleaned up', async () => {
    await start()
    await tell('fail')
    await untilGone()
    expect((await cli('status', 'mortl')).stdout).toContain('"mortal"')
    expect(await json('clean', '--yes')).toMatchObject({
      leftovers: [{ kind: 'record', name: 'mortal', removed: true }],
    })
    expect(await list('--all')).toEqual([])
  })

  test('is told from one that was stopped, and from one that was killed, where its log is followed', async () => {
    for (const [how, words] of [
      ['SIGTERM', /stopped by .*exit code 0/],
      ['SIGKILL', /was killed, or has crashed/],
    ] as const) {
      const pid = await start()
      const follow = runFixture(cliCommand.at(-1)!, { args: ['logs', 'mortal', '-f'], env: place.env })
      await follow.waitForLine(/Started/)
      process.kill(pid, how)
      expect(await follow.exit).toMatchObject({ code: 0 })
      expect(follow.lines.at(-1)).toMatch(words)
      await untilGone()
    }
    expect(await json('status', 'mortal')).toMatchObject({
      code: 1,
      state: 'dead',
      end: { reason: 'killed' },
    })
  })
})

describe('a daemon that does not do its work', () => {
  test('because it is tried again after a failure looks like it everywhere', async () => {
    const pid = await start('retry')
    await tell('fail')
    await untilState('retrying')
    expect(await json('status', 'mortal')).toMatchObject({
      ...{ code: 4, running: true, state: 'retrying', pid },
      retry: {
        failures: 1,
        limit: 10,
        reason: expect.stringContaining('database'),
        next: expect.any(String),
      },
      end: { reason: 'fatal' },
    })
    expect(await list()).toMatchObject([{ name: 'mortal', pid, state: 'retrying', retry: { failures: 1 } }])
    expect(await json('start', fixture('mortal.ts'))).toMatchObject({
      code: 1,
      error: { reason: 'SD_CLI_RETRYING' },
    })
    expect(await cli('stop', 'mortal')).toMatchObject({ code: 0 })
    await untilGone()
  })

  test('because it hangs is not healthy', async () => {
    const pid = await start()
    await tell('hang')
    expect(await json('status', 'mortal')).toMatchObject({ code: 4, running: true, state: 'mute', pid })
    expect(await list()).toMatchObject([{ name: 'mortal', state: 'silent', pid }])
    const again = await json('start', fixture('mortal.ts'))
    expect(again).toMatchObject({ code: 1, error: { reason: 'SD_CLI_MUTE', pid } })
    process.kill(pid, 'SIGKILL')
    await untilGone()
  })

  test('without a control socket is known by its record', async () => {
    const pid = await start('--no-control')
    expect(await json('status', 'mortal')).toMatchObject({ code: 0, running: true, pid })
    expect(await list()).toMatchObject([{ name: 'mortal', pid, state: 'running' }])
    expect(await cli('stop', 'mortal')).toMatchObject({ code: 0 })
    await untilGone()
    expect(await json('status', 'mortal')).toMatchObject({ code: 3, end: { reason: 'signal' } })
  })
})

test('a restart that has to start does so with the pid file and the time that it is given', async () => {
  const file = join(place.sandbox.dir, 'my.pid')
  const { pid } = await json('restart', fixture('mortal.ts'), '-p', file)
  expect(readFileSync(file, 'utf8').split('\n')[0]).toBe(String(pid))
  expect(await cli('stop', 'mortal')).toMatchObject({ code: 0 })
  const late = await cli('restart', fixture('slow.ts'), '--timeout', '0.5', '--json', '--', '60000', '0')
  expect(late.json()).toMatchObject({ error: { code: 'SD_CLI_START_TIMEOUT', timeout: 500 } })
})

describe('a log that cannot be written', () => {
  test('is told of by start, status and list, and in what the process prints', async () => {
    const file = join(place.sandbox.dir, 'log-file')
    mkdirSync(file)
    const started = await cli('start', fixture('unloggable.ts'), file, '--json')
    expect(started).toMatchObject({ code: 0, stderr: expect.stringContaining(file) })
    expect(started.json()).toMatchObject({ started: true, log: { file, problem: expect.any(String) } })
    const { logFile } = await json('status', 'unloggable')
    expect(logFile).toMatchObject({ path: file, dropped: expect.any(Number), problem: expect.any(String) })
    expect(await list()).toMatchObject([{ state: 'running', problem: expect.stringContaining('log') }])
    expect((await cli('status', 'unloggable')).stdout).toMatch(/cannot be written/)
    expect(readFileSync(join(place.logDirectory, 'unloggable.out'), 'utf8')).toContain(file)
    expect(await cli('stop', 'unloggable')).toMatchObject({ code: 0 })
  })

  test('also from some time on, and what was lost is counted', async () => {
    const file = join(place.sandbox.dir, 'log-file')
    const started = await cli('start', fixture('unloggable.ts'), file, '--json')
    expect(started.json()).toEqual({ name: 'unloggable', pid: expect.any(Number), started: true })
    const log = async () =>
      (await json('status', 'unloggable')).logFile as { dropped: number; problem: string | null }
    expect(await log()).toEqual({ path: file, dropped: 0, problem: null })
    renameSync(file, `${file}.1`)
    mkdirSync(file)
    await waitUntil(async () => (await log()).problem !== null, 'it is noticed', 30_000)
    rmdirSync(file)
    await waitUntil(async () => (await log()).problem === null, 'it is written again', 30_000)
    expect((await log()).dropped).toBeGreaterThan(0)
    expect(await cli('stop', 'unloggable')).toMatchObject({ code: 0 })
  })
})
