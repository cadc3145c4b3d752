import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
  writeCode('export const options = {}')
})

afterEach(() => sandbox.assertNothingLeft())

function writeCode(code: string): void {
  writeFileSync(join(sandbox.dir, 'code.mjs'), code)
}

const read = (name: string): string => readFileSync(join(sandbox.dir, name), 'utf8')
const told = (what: RegExp): string[] =>
  read('told')
    .split('\n')
    .filter((line) => what.test(line))

function run(
  limit?: number,
  env: Readonly<Record<string, string>> = {},
  prefix: readonly string[] = [],
): Fixture {
  return runFixture(new URL('./fixtures/changing.ts', import.meta.url), {
    prefix,
    args: [sandbox.dir, ...(limit === undefined ? [] : [String(limit)])],
    env: { ...sandbox.env, SD_SUPERVISED: '1', FORCE_COLOR: '0', ...env },
  })
}

async function untilLives(fixture: Fixture, count: number): Promise<void> {
  await waitUntil(
    () => fixture.lines.filter((line) => line.startsWith('up ')).length === count,
    `${count} lives`,
    60_000,
  )
}

describe('a restart that would fail', () => {
  const broken: [string, string, RegExp][] = [
    ['a syntax error', 'export const options =', /SyntaxError/],
    ['a missing module', "import './nowhere.mjs'", /ERR_MODULE_NOT_FOUND/],
    ['a file that throws', "throw new TypeError('broken code')", /TypeError: broken code/],
    ['a file that ends the process', 'process.exit(0)', /ended before it came to run\(\) \(exit code 0\)/],
    ['a bad option', 'export const options = { interval: -1 }', /option "interval" must be/],
    ['something missing', "export const missing = ['set the variable DB']", /set the variable DB/],
    [
      'a file that never gives a turn, and its child process',
      "import { spawn } from 'node:child_process'; spawn('sleep', ['600'], { stdio: 'inherit' }); for (;;);",
      /has not come to run\(\) within 3 s/,
    ],
    ['a file that waits for ever', 'setInterval(() => {}, 1000); await new Promise(() => {})', /within 3 s/],
  ]

  test.each(broken)(
    'because of %s leaves the daemon running',
    async (_, code, reason) => {
      const limit = /within/.test(reason.source) ? 3000 : undefined
      const fixture = run(limit)
      await untilLives(fixture, 1)
      writeCode(code)
      fixture.kill('SIGHUP')
      await waitUntil(() => told(/^error/).length === 1, 'the restart is refused', 60_000)
      expect(told(/^error/)).toEqual(['error SD_CORE_PREFLIGHT'])
      await waitUntil(() => reason.test(read('changing.log')), 'the log says why')
      // Nothing of the daemon was begun or ended by the one that was to come.
      expect(told(/^(setup|exit)/)).toEqual(['setup'])
      expect(read('changing.log')).not.toMatch(/Restarting|a preflight does not write/)

      writeCode('export const options = {}')
      if (limit === undefined) {
        fixture.kill('SIGHUP')
        await untilLives(fixture, 2)
        expect(told(/^(setup|exit)/)).toEqual(['setup', 'exit', 'setup'])
      }
      fixture.kill('SIGTERM')
      expect(await fixture.exit).toEqual({ code: 0, signal: null })
    },
    90_000,
  )
})

describe('the process of the check', () => {
  test('has nothing of the daemon: no descriptor, no inspector', async () => {
    const lock = join(sandbox.dir, 'deploy.lock')
    const prefix = ['bash', '-c', 'exec "$@" 200>"$0"', lock]
    const fixture = run(undefined, { NODE_OPTIONS: '--inspect=127.0.0.1:0' }, prefix)
    await untilLives(fixture, 1)
    fixture.kill('SIGHUP')
    await untilLives(fixture, 2)
    const [facts] = told(/^preflight/).map((line) => JSON.parse(line.slice('preflight '.length)))
    expect(facts.inspector).toBeNull()
    expect(facts.open.filter((path: string) => path === lock || path.endsWith('changing.log'))).toEqual([])
    fixture.kill('SIGTERM')
    expect((await fixture.exit).code).toBe(0)
  }, 60_000)

  test('ends when the daemon is told to stop, which is not held up', async () => {
    const fixture = run()
    await untilLives(fixture, 1)
    writeCode('for (;;);')
    fixture.kill('SIGHUP')
    await waitUntil(() => sandbox.processes().length === 2, 'the check runs')
    fixture.kill('SIGTERM')
    expect(await fixture.exit).toEqual({ code: 0, signal: null })
  }, 60_000)

  test('ends when the daemon is killed, whatever it does', async () => {
    const fixture = run()
    await untilLives(fixture, 1)
    writeCode(
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(join(sandbox.dir, 'looping'))}, ''); for (;;);`,
    )
    fixture.kill('SIGHUP')
    await waitUntil(
      () => {
        try {
          return read('looping') === ''
        } catch {
          return false
        }
      },
      'the check is in its loop',
      30_000,
    )
    fixture.kill('SIGKILL')
    await fixture.exit
    await waitUntil(() => sandbox.processes().length === 0, 'it has gone', 30_000)
  }, 60_000)
})
