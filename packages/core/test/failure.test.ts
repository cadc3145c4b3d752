import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Sandbox } from '@sd/testing'

let sandbox: Sandbox
beforeEach(() => {
  sandbox = createSandbox()
})
afterEach(() => sandbox.assertNothingLeft())

const file = fileURLToPath(new URL('./fixtures/failing.ts', import.meta.url))

/** Runs the fixture to its end; `all` is what a terminal shows. */
function fail(way: string, extra = '') {
  const node = [process.execPath, '-C', '@sd/source', file, way, extra]
  const run = (command: string[]) =>
    spawnSync(command[0]!, command.slice(1), { env: { ...process.env, ...sandbox.env }, encoding: 'utf8' })
  const apart = run(node)
  const together = run(['sh', '-c', 'exec "$@" 2>&1', 'sh', ...node])
  expect(together.status).toBe(1)
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
  return {
    code: apart.status,
    stderr: lines(apart.stderr),
    stdout: lines(apart.stdout),
    all: lines(together.stdout),
  }
}

/** The last line of the log tells of the stop. */
const STOPPED = 1

describe('an expected failure of a start is told once, in two lines at most', () => {
  test.each([
    ['own', 1, 'Mend it'],
    ['port', 2, 'EADDRINUSE'],
    ['variable', 2, 'DB_URL'],
    ['file', 2, 'failing.ts:'],
    ['wrapped', 2, 'failing.ts:'],
  ])('%s', (way, count, told) => {
    const { code, stdout, stderr, all } = fail(way)
    expect(code).toBe(1)
    expect(all).toHaveLength(count + STOPPED)
    expect(stdout).toHaveLength(count + STOPPED)
    expect(stderr).toHaveLength(count)
    for (const lines of [all, stdout, stderr]) expect(lines.join('\n')).toContain(told)
  })

  test('also where the program logs elsewhere: on stderr', () => {
    expect(fail('own', 'logger')).toMatchObject({ code: 1, stdout: [], stderr: ['It failed. Mend it.'] })
  })

  test('a verbose daemon tells all, once', () => {
    const { code, all } = fail('own', 'verbose')
    expect(code).toBe(1)
    expect(all.filter((line) => line.includes('It failed'))).toHaveLength(1)
    for (const fact of ['SD_TEST_FAILED', 'SD_TEST_CAUSE', 'failing.ts:'])
      expect(all.join('\n')).toContain(fact)
  })
})

test('a defect is told once, with its stack', () => {
  const { code, all } = fail('defect')
  expect(code).toBe(1)
  expect(all.filter((line) => line.includes('TypeError'))).toHaveLength(1)
  expect(all.join('\n')).toContain('failing.ts:')
})

test('a wrong option is told with its place in the program', () => {
  const { code, stdout, stderr } = fail('option')
  expect({ code, stdout }).toEqual({ code: 1, stdout: [] })
  expect(stderr).toEqual([expect.stringContaining('intervall'), expect.stringContaining('failing.ts:')])
})

test('what else is not caught ends the process as Node does', () => {
  const { code, stderr } = fail('own', 'other')
  expect(code).toBe(1)
  expect(stderr.join('\n')).toContain('Error: another one')
})
