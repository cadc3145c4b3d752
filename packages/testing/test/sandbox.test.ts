import { writeFileSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createSandbox, runFixture, waitUntil } from '../src/index.ts'

const fixture = new URL('./fixtures/leaver.ts', import.meta.url)

test('a clean test leaves nothing, and its directory goes', async () => {
  const sandbox = createSandbox()
  await sandbox.assertNothingLeft()
  await expect(access(sandbox.dir)).rejects.toThrow()
})

test('a process that was left behind is found by its marker, named and killed', async () => {
  const sandbox = createSandbox()
  const leaver = runFixture(fixture, { env: sandbox.env })
  const [, pid] = await leaver.waitForLine(/left (\d+)/)
  expect(await leaver.exit).toEqual({ code: 3, signal: null })
  await expect(sandbox.assertNothingLeft({ timeout: 100 })).rejects.toThrow(`process ${pid}`)
  await waitUntil(() => sandbox.processes().length === 0, 'it is gone')
})

test('a timer that was left behind is found', async () => {
  const sandbox = createSandbox()
  const timer = setInterval(() => {}, 1000)
  try {
    // More than one when the test runner has a timer at the moment, too.
    await expect(sandbox.assertNothingLeft({ timeout: 50 })).rejects.toThrow(/\d more Timeout/)
  } finally {
    clearInterval(timer)
  }
})

test('a file that was left behind is found when asked for', async () => {
  const sandbox = createSandbox()
  writeFileSync(join(sandbox.dir, 'pid'), '1')
  await expect(sandbox.assertNothingLeft({ timeout: 50, emptyDir: true })).rejects.toThrow(/file .*pid/)
})

test('waiting for a line that never comes tells what was printed', async () => {
  const sandbox = createSandbox()
  const leaver = runFixture(fixture, { env: sandbox.env })
  await expect(leaver.waitForLine(/right/)).rejects.toThrow(/has ended. It printed:\nleft/)
  for (const { pid } of sandbox.processes()) process.kill(pid, 'SIGKILL')
  await sandbox.assertNothingLeft()
})
