import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { isAlive, type ProcessIdentity, readIdentity } from '@sd/core/process-identity'
import { createSandbox, type Sandbox } from '@sd/testing'
import { fixture, type Place, placeOf, runCli } from './run-cli.ts'

// Each command is a process, and a machine may have many.
jest.setTimeout(240_000)

let sandbox: Sandbox
let place: Place
const onlyRoot = process.getuid?.() === 0 ? test : test.skip
const NOBODY = 65_534

const cli = (...words: string[]) => runCli(place, words)
const ends: (() => Promise<void>)[] = []
let stranger: ProcessIdentity

beforeEach(() => {
  sandbox = createSandbox()
  place = placeOf(sandbox)
  const sleeper = spawn('sleep', ['1000'], { env: { ...process.env, ...sandbox.env } })
  ends.push(() => end(sleeper))
  stranger = readIdentity(sleeper.pid!)!
})

afterEach(async () => {
  // Nobody has signalled it.
  expect(isAlive(stranger)).toBe(true)
  for (const each of ends.splice(0)) await each()
  await sandbox.assertNothingLeft()
})

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = once(child, 'exit')
  child.kill()
  await gone
}

/** Has something listen as the daemon `liar`. @param uid - whose it is. */
async function listen(
  answer: unknown,
  uid = process.getuid!(),
  answers: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  chmodSync(sandbox.dir, 0o755)
  mkdirSync(place.runDirectory, { recursive: true, mode: 0o700 })
  chownSync(place.runDirectory, uid, -1)
  const socket = join(place.runDirectory, 'liar.sock')
  rmSync(socket, { force: true })
  const args = [fixture('liar.mjs'), socket, JSON.stringify({ version: answer, ...answers })]
  const env = { ...process.env, ...place.env }
  const child = spawn(process.execPath, args, { uid, env, stdio: ['ignore', 'pipe', 'inherit'] })
  ends.push(() => end(child))
  await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('It has ended.'))),
  ])
}

const introduction = () => ({ protocol: 1, name: 'liar', pid: stranger.pid, program: null })

async function expectNobodyIsSignalled(): Promise<void> {
  const message = `liar says that its pid is ${stranger.pid}, and here that is another process, or none.`
  for (const words of [
    ['signal', 'liar', 'KILL'],
    ['signals', 'liar'],
    ['stop', 'liar', '--timeout', '0.1', '--force'],
  ]) {
    const { code, stderr } = await cli(...words)
    expect(stderr).toContain(message)
    expect(code).toBe(1)
  }
  expect(await cli('list')).toMatchObject({ code: 0 })
}

describe('whoever listens on a control socket', () => {
  test('and is another process than its pid here, as in a container, has nobody signalled', async () => {
    await listen({ ...introduction(), processStart: '1' })
    await expectNobodyIsSignalled()
  })

  onlyRoot('cannot have root signal what is not its own', async () => {
    await listen(introduction(), NOBODY)
    await expectNobodyIsSignalled()
  })

  test.each([
    ['a number', 5],
    ['nothing', null],
    ['no pid', { name: 'liar', pid: -1 }],
    ['another kind of name', { name: '\x1b[31mliar', pid: 1 }],
  ])('and says %s of itself is no daemon', async (_, answer) => {
    await listen(answer)
    const { code, stdout } = await cli('status', 'liar')
    expect(stdout).toMatch(
      /does not answer: What listens on .*liar\.sock does not answer as a daemon does\.\n$/,
    )
    expect(code).toBe(4)
    expect((await cli('list', '--json')).json()).toMatchObject([{ name: 'liar', pid: null, state: 'silent' }])
  })

  test('and answers something else than was asked is told from a daemon', async () => {
    const introduced = { ...introduction(), processStart: stranger.startTime }
    const half = { name: 'liar', pid: stranger.pid, state: 'running', log: [5, null, {}], plugins: [] }
    await listen(introduced, undefined, { calls: 5, stats: null, status: 'well', console: { socket: 5 } })
    for (const method of ['calls', 'stats', 'status', 'console']) {
      const { code, json } = await cli(method, 'liar', '--json')
      expect({ code, answer: json() }).toEqual({
        code: 1,
        answer: { error: expect.objectContaining({ code: 'SD_CONTROL_PROTOCOL', method }) },
      })
    }
    for (const each of ends.splice(1)) await each()
    await listen(introduced, undefined, { status: half, calls: { calls: [{}, 1], pools: {} } })
    for (const method of ['status', 'calls']) expect(await cli(method, 'liar')).toMatchObject({ code: 0 })
  })

  test('chooses neither the exit code nor what is done by the code of its error', async () => {
    const rpcErrors = [
      ['status', 'EACCES'],
      ['stats', 'SD_CLI_USAGE'],
      ['calls', 'SD_CONTROL_NOT_RUNNING'],
      ['restart', 'SD_CONTROL_GONE'],
      ['stop', 'SD_CONTROL_GONE'],
      ['stop', 'toString'],
    ] as const
    const introduced = { ...introduction(), processStart: stranger.startTime }
    for (const [method, code] of rpcErrors) {
      const status = { name: 'liar', pid: stranger.pid, state: 'running' }
      const rpcError = { code: -32000, message: 'no', data: { code } }
      await listen(introduced, undefined, { status, [method]: { rpcError } })
      expect({ method, code: (await cli(method, 'liar')).code }).toEqual({ method, code: 1 })
      for (const each of ends.splice(1)) await each()
    }
  })
})
