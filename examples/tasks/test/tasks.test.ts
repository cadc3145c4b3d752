import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox } from '@sd/testing'

/** Node takes its time when all tests run at once. Milliseconds. */
const PATIENCE = 40_000

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

// The reports' directories are in the sandbox, too, and must be gone.
afterEach(() => sandbox.assertNothingLeft({ emptyDir: true }))

function start(...args: string[]): Fixture {
  return runFixture(new URL('../daemon.ts', import.meta.url), {
    args,
    env: { ...sandbox.env, TMPDIR: sandbox.dir },
  })
}

test('runs random jobs, stops while some run, and every result is right', async () => {
  const daemon = start('4')
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
  const [, count] = await daemon.waitForLine(/ (\d+) jobs: .*\d+ returned.*; all is well$/)
  expect(Number(count)).toBeGreaterThan(0)
})

test('stops in good order on Ctrl-C', async () => {
  const daemon = start()
  await daemon.waitForLine(/ report +#\d+ returned/, PATIENCE)
  daemon.kill('SIGINT')
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
  expect(daemon.lines.at(-2) + daemon.lines.at(-1)!).toMatch(/; all is well/)
})
