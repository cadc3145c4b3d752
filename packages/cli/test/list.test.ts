import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import { ownPidRecord } from '../src/pid-file/pid-file.ts'
import { cliCommand, fixture, runCli } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

const place = usePlaces()
const { test } = place

const cli = (...words: string[]) => runCli(place, words)
const socket = () => join(place.runDirectory, 'ticker.sock')
const onlyRoot = process.getuid?.() === 0 ? test : test.skip

async function start(): Promise<number> {
  return (await cli('start', fixture('ticker.ts'), '--json')).json<{ pid: number }>().pid
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await waitUntil(() => place.sandbox.processes().length === 0)
}

describe('a daemon without a socket', () => {
  test('is listed by its pid file, alive or dead', async () => {
    const pid = await start()
    rmSync(socket())
    const { code, json } = await cli('list', '--json')
    expect({ code, rows: json() }).toMatchObject({
      code: 0,
      rows: [{ name: 'ticker', pid, state: 'silent', socket: null, problem: 'it has no control socket' }],
    })
    expect((await cli('list')).stdout).toMatch(new RegExp(`^ticker +${pid} +silent`, 'm'))
    await kill(pid)
    expect((await cli('list', '--json')).json()).toMatchObject([{ name: 'ticker', pid: null, state: 'dead' }])
    await cli('clean', '--yes')
    expect((await cli('list', '--json')).json()).toEqual([])
  })

  test('whose pid file names no file that runs disturbs nobody', async () => {
    mkdirSync(place.runDirectory, { mode: 0o700 })
    const [pid, started] = [process.pid, ownPidRecord(undefined)]
    const lines = [pid, `started:${started.startTime}:${started.boot}`, 'program:what is this', '']
    writeFileSync(join(place.runDirectory, 'other.pid'), lines.join('\n'), { mode: 0o600 })
    expect(await cli('status', fixture('ticker.ts'))).toMatchObject({ code: 3, stderr: '' })
    expect(await cli('status', 'other')).toMatchObject({ code: 0 })
  })
})

describe('a daemon that does not answer', () => {
  test('has its pid in the list, is waited for with a word, and is stopped by its socket, too', async () => {
    const pid = await start()
    process.kill(pid, 'SIGSTOP')
    expect((await cli('list', '--json')).json()).toMatchObject([{ name: 'ticker', pid, state: 'silent' }])
    const status = await cli('status', 'ticker')
    expect(status).toMatchObject({ code: 4, stderr: 'Looking for ticker ...\n' })
    expect(status.stdout).toContain(`ticker runs, pid ${pid}.`)
    const heldUp = await cli('stop', 'ticker', '--timeout', '0.1')
    expect(heldUp).toMatchObject({ code: 1, stderr: expect.stringMatching(/sd-cli console ticker.*--force/) })
    const stopped = await cli('stop', socket(), '--timeout', '0.1', '--force')
    expect(stopped.stdout).toMatch(/^ticker did not stop within 0.1 s, and was killed/)
    expect(stopped.code).toBe(0)
    await waitUntil(() => place.sandbox.processes().length === 0)
    expect(existsSync(socket())).toBe(true)
  })
})

describe('the run directory of another user', () => {
  onlyRoot('is told of, and not taken for one without daemons', async () => {
    const pid = await start()
    const command = ['setpriv', '--reuid', '65534', '--clear-groups', ...cliCommand]
    for (const words of [['list'], ['status', 'ticker'], ['stop', 'ticker'], ['restart', 'ticker']]) {
      const { code, stdout, stderr } = await runCli(place, words, { command, cwd: '/' })
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
      expect(stderr).toContain(`The run directory ${place.runDirectory} is another user's`)
    }
    await kill(pid)
  })
})
