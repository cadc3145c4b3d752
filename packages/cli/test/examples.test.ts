import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect } from '@jest/globals'
import { runFixture, waitUntil } from '@sd/testing'
import { cliCommand, runCli } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

/** What is asked of one example is asked of all in the soak. */
const SOAK = process.env.SD_SOAK === '1'

const place = usePlaces()
const { test } = place

const example = (path: string) => fileURLToPath(new URL(`../../../examples/${path}`, import.meta.url))

describe('examples, detached', () => {
  test.each([
    ['prime-numbers', 'prime-numbers/prime-numbers.ts', (dir: string) => ({ PRIME_NUMBERS_DIR: dir })],
    ['poller', 'long-poll/poller.ts', (dir: string) => ({ POLLER_DIR: dir })],
    ['tasks', 'tasks/daemon.ts', () => ({})],
    ['hash-server', 'hash-server/hash-server.ts', () => ({ PORT: '0' })],
  ])('%s is started, watched, restarted and stopped', async (name, path, environment) => {
    const file = example(path)
    const env: Record<string, string> = { ...environment(place.sandbox.dir) }
    const cli = (...words: string[]) => runCli(place, words, { env })
    const asJson = async (...words: string[]) => {
      const result = await cli(...words, '--json')
      return { code: result.code, ...(result.json() as object) }
    }

    const started = await asJson('start', file)
    expect(started).toMatchObject({ code: 0, name, started: true })
    const { pid } = started as unknown as { pid: number }
    const logs = runFixture(cliCommand.at(-1)!, {
      args: ['logs', name, '-f', '-n', '200'],
      env: { ...place.env, ...env },
    })
    await logs.waitForLine(/ Started \(/)
    expect(await asJson('start', file)).toMatchObject({ code: 0, name, pid, started: false })

    if (SOAK || name === 'prime-numbers') {
      expect(await asJson('status', name)).toMatchObject({
        code: 0,
        name,
        pid,
        state: 'running',
        restarts: 0,
      })
      const status = await cli('status', file)
      expect(status.stdout).toMatch(new RegExp(`^${name} is running, pid ${pid}, for `))
      expect(status.stdout).toMatch(/PROCESS +PID +UP +MEMORY\ndaemon +\d+/)
      expect((await cli('list')).stdout).toMatch(new RegExp(`^${name} +${pid} +running`, 'm'))
      expect(await cli('stats', name)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^name: /) })
      expect(await asJson('calls', name)).toMatchObject({ code: 0, calls: expect.any(Array) })

      const records = (await cli('logs', name, '-n', '3', '--json')).json<object[]>()
      expect(records.at(-1)).toMatchObject({ label: expect.any(String), message: expect.any(String) })
    }

    expect(await asJson('restart', name)).toMatchObject({ code: 0, name, pid, restarts: 1 })
    await logs.waitForLine(/ Started \(.*restart 1 because of sd-cli restart/)
    expect(await asJson('status', name)).toMatchObject({ code: 0, pid, restarts: 1 })

    expect(await asJson('stop', name)).toMatchObject({ code: 0, name, pid, stopped: true })
    expect(await asJson('stop', name)).toMatchObject({ code: 0, name, pid: null, stopped: false })
    expect(await logs.exit).toEqual({ code: 0, signal: null })
    if (SOAK || name === 'prime-numbers') {
      expect(await asJson('status', name)).toMatchObject({ code: 3, state: 'stopped' })
      expect((await cli('stats', name)).code).toBe(7)
    }
  })

  test('the third-party plugin runs to its own end', async () => {
    const env = { HEARTBEAT_DIR: place.sandbox.dir }
    const started = await runCli(place, ['start', example('third-party-plugin/example.ts'), '--json'], {
      env,
    })
    expect(started.json()).toMatchObject({ name: 'heartbeat-example', started: true })
    expect((await runCli(place, ['status', 'heartbeat-example'])).code).toBe(0)
    await waitUntil(() => place.sandbox.processes().length === 0, 'it has stopped by itself', 30_000)
    expect((await runCli(place, ['status', 'heartbeat-example'])).code).toBe(3)
  })
})

test('reading commands are as good when their reader goes away', async () => {
  const child = spawn('sh', ['-c', `"$@" list --help | head -1`, 'sh', ...cliCommand], {
    env: { ...process.env, ...place.env },
  })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  child.stderr.on('data', (chunk) => {
    text += chunk
  })
  await new Promise((resolve) => child.once('close', resolve))
  expect(text).toBe('Examples:\n')
})
