import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, runFixture, type Sandbox } from '@sd/testing'

const UNSHARE = ['unshare', '--pid', '--fork', '--mount', '--mount-proc', '--kill-child']
const canUnshare =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status === 0
let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())
;(canUnshare ? describe : describe.skip)('a daemon that is process 1', () => {
  test('warns once of ended processes that it cannot reap, and restarts in spite of them', async () => {
    const daemon = runFixture(new URL('./fixtures/process-one.ts', import.meta.url), {
      env: sandbox.env,
      prefix: UNSHARE,
    })
    await daemon.waitForLine(/docker run --init/, 40_000)
    process.kill(firstChildOf(daemon.pid), 'SIGHUP')
    await daemon.waitForLine(/Started .*restart 1/, 30_000)
    expect(daemon.lines.filter((line) => line.includes('--init'))).toHaveLength(1)
    expect(daemon.lines.filter((line) => line.includes('outlive the restart'))).toEqual([])
    process.kill(firstChildOf(daemon.pid), 'SIGTERM')
    expect(await daemon.exit).toEqual({ code: 0, signal: null })
  })
})

/** The process 1 of a namespace, seen from outside. */
function firstChildOf(pid: number): number {
  const [thread] = readdirSync(`/proc/${pid}/task`)
  return Number(readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ')[0])
}
