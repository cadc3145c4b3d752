import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, runFixture, type Sandbox } from '@sd/testing'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

test('a call or task that nothing would run is refused at once, and says why', async () => {
  const fixture = runFixture(new URL('./fixtures/nested.ts', import.meta.url), { env: sandbox.env })
  expect(await fixture.exit).toEqual({ code: 0, signal: null })
  const lines = fixture.lines.map((line) =>
    line.match(/(in an? \w+|in the daemon|before run): (.*)/)?.slice(1),
  )
  const [inChild, notRunning] = ['IN_CHILD', 'NOT_RUNNING'].map(
    (what) => `SD_WORKERS_${what},SD_TASKS_${what},returned 6`,
  )
  // Each child comes to the call before `run()`, too.
  expect(new Set(lines.filter(Boolean).map((line) => line!.join(' ')))).toEqual(
    new Set([
      `before run ${notRunning}`,
      `before run ${inChild}`,
      `in a worker ${inChild}`,
      `in a task ${inChild}`,
      'in the daemon returned 2,returned 4,returned 6',
    ]),
  )
})
