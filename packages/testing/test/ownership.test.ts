import { existsSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, removeAbandoned, runFixture, type Sandbox, waitUntil } from '../src/index.ts'

const linuxOnly = process.platform === 'linux' ? test : test.skip

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

linuxOnly(
  'what a run leaves that is killed is removed by the next, and what others have is not',
  async () => {
    const run = runFixture(new URL('./fixtures/killed-run.ts', import.meta.url), { env: sandbox.env })
    const [, made] = await run.waitForLine(/^made (.*)$/)
    const { pid, directories } = JSON.parse(made!) as { pid: number; directories: string[] }
    const isAlive = (): boolean => existsSync(`/proc/${pid}/fd/0`)
    removeAbandoned()
    expect(isAlive()).toBe(true)
    expect(directories.map(existsSync)).toEqual([true, true])

    run.kill()
    await run.exit
    removeAbandoned()
    await waitUntil(() => !isAlive(), 'its process is killed')
    expect(directories.map(existsSync)).toEqual([false, false])
    expect(existsSync(sandbox.dir)).toBe(true)
  },
)
