import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { runFixture, waitUntil } from '@sd/testing'
import { cliCommand, fixture, runCli } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

const place = usePlaces()
const { test } = place

const cli = (...words: string[]) => runCli(place, words)
const log = (name: string): string => readFileSync(join(place.logDirectory, `${name}.log`), 'utf8')
const record = (name: string) =>
  JSON.parse(readFileSync(join(place.runDirectory, `${name}.life`), 'utf8')) as { state: string }

async function start(...words: string[]): Promise<number> {
  const started = await cli('start', '--json', ...words)
  return started.json<{ pid: number }>().pid
}

describe('commands that meet a daemon in transition', () => {
  test('restarts that overlap, from all sides, leave one process, and tell the truth', async () => {
    const pid = await start(fixture('slow.ts'), '--', '1500', '0')
    const restarts = Array.from({ length: 4 }, () => cli('restart', 'slow', '--json'))
    await waitUntil(
      () => record('slow').state === 'restarting' || /Restarting/.test(log('slow')),
      'one has begun',
      60_000,
    )
    for (let n = 0; n < 3; n++) process.kill(pid, 'SIGHUP')
    const late = cli('restart', 'slow', '--json')
    for (const { code, json } of await Promise.all([...restarts, late])) {
      expect(code).toBe(0)
      expect(json()).toMatchObject({ name: 'slow', pid })
    }
    await waitUntil(() => record('slow').state === 'running', 'all have ended', 60_000)
    const status = (await cli('status', 'slow', '--json')).json<{ pid: number; restarts: number }>()
    expect(status.pid).toBe(pid)
    // What is written to the file comes a little later.
    await waitUntil(
      () => log('slow').match(/Started .*restart \d+/g)?.length === status.restarts,
      'each is told of',
    )
    expect(place.sandbox.processes().map((each) => each.pid)).toEqual([pid])
    expect(await cli('stop', 'slow')).toMatchObject({ code: 0 })
  })

  test('a signal waits until somebody listens, and an order to stop need not', async () => {
    const pid = await start(fixture('slow.ts'), '--', '1000', '1000')
    const restart = cli('restart', 'slow')
    await waitUntil(() => record('slow').state === 'restarting', 'it restarts', 60_000)
    expect(await cli('signal', 'slow', 'USR1')).toMatchObject({ code: 0 })
    await restart
    await waitUntil(() => /Statistics|iterations/i.test(log('slow')), 'it has been heard')
    process.kill(pid, 'SIGHUP')
    await waitUntil(() => record('slow').state === 'restarting', 'it restarts again', 60_000)
    expect(await cli('stop', 'slow')).toMatchObject({ code: 0 })
    expect(place.sandbox.processes()).toEqual([])
  })
})

describe('a daemon that hangs', () => {
  test('is not restarted without --force, and is killed and started anew with it', async () => {
    const pid = await start(fixture('looping.ts'), '--cwd', place.sandbox.dir)
    const state = async () => (await cli('status', 'looping', '--json')).json<{ state: string }>().state
    // An order to restart that it still hears would start a process.
    await waitUntil(async () => (await state()) === 'mute', 'it hangs', 60_000)
    const silent = await cli('restart', 'looping', '--json', '--timeout', '5')
    expect(silent.json()).toMatchObject({ error: { code: 'SD_CLI_MUTE' } })
    const { stderr, code } = await cli('restart', 'looping')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/--force/) })
    expect(place.sandbox.processes().map((each) => each.pid)).toEqual([pid])
    writeFileSync(join(place.sandbox.dir, 'calm'), '')
    const again = (await cli('restart', 'looping', '--force', '--json')).json<{ pid: number }>()
    expect(again.pid).not.toBe(pid)
    expect((await cli('status', 'looping', '--json')).json()).toMatchObject({
      pid: again.pid,
      state: 'running',
    })
    expect(await cli('stop', 'looping')).toMatchObject({ code: 0 })
  })
})

describe('two daemons of one name', () => {
  test('are never started without saying so, with and without a control socket', async () => {
    const words = [fixture('slow.ts'), '--no-control']
    const pid = await start(...words, '--', '0', '0')
    const second = await cli('start', '--json', ...words, '--', '0', '0')
    expect(second.json()).toMatchObject({ pid, started: false })
    const other = runFixture(cliCommand.at(-1)!, { args: ['run', ...words, '--', '0', '0'], env: place.env })
    await other.waitForLine(new RegExp(`Another daemon named "slow" is running, pid ${pid}`))
    for (const each of [pid, other.pid]) process.kill(each, 'SIGTERM')
    await other.exit
  })
})

test('a restart beside a stop that is under way names the stop', async () => {
  await start(fixture('slow.ts'), '--', '0', '1000')
  const stopping = cli('stop', 'slow')
  await waitUntil(() => record('slow').state === 'stopping', 'it stops', 60_000)
  const { code, stderr } = await cli('restart', 'slow')
  expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringMatching(/stopped by SIGTERM/) })
  expect(await stopping).toMatchObject({ code: 0 })
})

test('a daemon that is still starting is running, and not healthy', async () => {
  const starting = cli('start', fixture('slow.ts'), '--', '60000', '0')
  await waitUntil(() => existsSync(join(place.runDirectory, 'slow.sock')), 'it listens', 60_000)
  const { code, json } = await cli('status', 'slow', '--json')
  expect({ code, status: json() }).toMatchObject({ code: 4, status: { running: true, state: 'starting' } })
  expect(await cli('stop', 'slow')).toMatchObject({ code: 0 })
  expect(await starting).toMatchObject({ code: 1 })
})

describe('a signal that would end the daemon, and is no order to stop', () => {
  test('is sent only with --force', async () => {
    const pid = await start(fixture('slow.ts'), '--', '0', '0')
    for (const signal of ['USR2', 'ALRM', 'SEGV', 'QUIT']) {
      const { code, json } = await cli('signal', 'slow', signal, '--json')
      expect(code).toBe(1)
      expect(json()).toMatchObject({ error: { code: 'SD_CLI_UNHEARD', pid, signal: `SIG${signal}` } })
    }
    // Its default is nothing; Node ignores it; it has a handler.
    for (const signal of ['WINCH', 'PIPE', 'USR1'])
      expect(await cli('signal', 'slow', signal)).toMatchObject({ code: 0 })
    expect((await cli('status', 'slow', '--json')).json()).toMatchObject({ pid, state: 'running' })
    expect(await cli('signal', 'slow', 'USR2', '--force')).toMatchObject({ code: 0 })
    await waitUntil(() => place.sandbox.processes().length === 0, 'it has ended')
  })
})

describe('a start that takes too long', () => {
  test('shows what it has logged, and leaves nothing', async () => {
    const { code, stderr } = await cli('start', fixture('slow.ts'), '--timeout', '2', '--', '60000', '0')
    expect(code).toBe(1)
    expect(stderr).toMatch(/was not ready within 2 s[\s\S]*slow: SIGTERM: stopping/)
    expect(place.sandbox.processes()).toEqual([])
    expect(readdirSync(place.runDirectory).filter((file) => !/\.life$/.test(file))).toEqual([])
  })

  test('says why it ended when it is told to stop meanwhile', async () => {
    const starting = cli('start', fixture('slow.ts'), '--', '60000', '0')
    await waitUntil(() => existsSync(join(place.runDirectory, 'slow.life')), 'it is in its setup', 60_000)
    expect(await cli('stop', 'slow')).toMatchObject({ code: 0 })
    const { code, stderr } = await starting
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/slow has stopped before it was ready \(SIGTERM\)/),
    })
    // Its setup did not hear of the order; the order is why it has ended, all the same.
    expect((await cli('status', 'slow', '--json')).json()).toMatchObject({
      state: 'stopped',
      end: { reason: 'signal', exitCode: 1 },
      crash: null,
    })
    expect(readdirSync(place.runDirectory).filter((file) => !/\.life$/.test(file))).toEqual([])
  })
})
