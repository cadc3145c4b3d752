import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, requireCommand, runFixture, type Sandbox, waitUntil } from '@sd/testing'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

const file = new URL('./fixtures/restarting-server.ts', import.meta.url)

function run(where: string, prefix: readonly string[] = []): Fixture {
  return runFixture(file, { args: [where], prefix, env: { ...sandbox.env, SD_SUPERVISED: '1' } })
}

/** As systemd does with `StandardInput=socket`. */
const LISTEN_AND_EXEC = `
import os, socket, sys
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen(511)
os.dup2(s.fileno(), 0)
os.execvp(sys.argv[1], sys.argv[1:])`

/** @returns the answer; the error's code where there was no connection; `lost` where there was no answer. */
function ask(port: number, message: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(`${message}\n`))
    socket.on('data', (chunk) => {
      answer += chunk
      if (answer.includes('\n')) socket.end()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(answer.trim() || String(error.code)))
    socket.on('close', () => resolve(answer.trim() || 'lost'))
  })
}

/** Asks every few milliseconds. @returns ends that, and tells all answers. */
function askOften(port: number): () => Promise<string[]> {
  const answers: Promise<string>[] = []
  let isOn = true
  const done = (async () => {
    while (isOn) {
      answers.push(ask(port, 'life'))
      await sleep(5)
    }
  })()
  return async () => {
    isOn = false
    await done
    return Promise.all(answers)
  }
}

test('the port stays open while a restart waits for what is under way, and no request goes without an answer', async () => {
  const fixture = run('0')
  const port = Number((await fixture.waitForLine(/^port (\d+)$/))[1])
  const slow = ask(port, 'slow 3000')
  await waitUntil(async () => (await ask(port, 'life')) === '0')
  const stop = askOften(port)
  fixture.kill('SIGHUP')
  expect(await slow).toBe('slow')
  const meanwhile = await stop()
  // It was answered before anything was closed.
  const refused = meanwhile.filter((answer) => answer === 'ECONNREFUSED')
  expect(meanwhile.length - refused.length).toBeGreaterThan(20)
  expect(new Set(meanwhile.filter((answer) => answer !== 'ECONNREFUSED'))).toEqual(new Set(['0']))
  expect(refused.length).toBeLessThan(meanwhile.length / 10)
  await fixture.waitForLine(/restart 1/)
  fixture.kill('SIGTERM')
  expect(await fixture.exit).toMatchObject({ code: 0 })
}, 60_000)

test('with the socket as standard input nothing is refused, and all are answered, over restarts', async () => {
  requireCommand({ command: 'python3', debian: 'python3', elsewhere: 'from python.org' })
  const fixture = run('fd0', ['python3', '-c', LISTEN_AND_EXEC])
  const port = Number((await fixture.waitForLine(/^port (\d+)$/))[1])
  const stop = askOften(port)
  for (const life of ['1', '2']) {
    fixture.kill('SIGHUP')
    await waitUntil(async () => (await ask(port, 'life')) === life, `life ${life}`, 30_000)
  }
  const answers = await stop()
  expect(answers.filter((answer) => !/^[012]$/.test(answer))).toEqual([])
  expect(new Set(answers)).toEqual(new Set(['0', '1', '2']))
  fixture.kill('SIGTERM')
  expect(await fixture.exit).toMatchObject({ code: 0 })
}, 90_000)
