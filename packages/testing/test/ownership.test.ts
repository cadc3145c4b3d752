import { spawn } from 'node:child_process'
import { once } from 'node:events'
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

linuxOnly('a process whose mark names no owner is left alone', async () => {
  const namespace = sandbox.env.SD_TEST_ID!.split('.')[0]
  const stranger = spawn('sleep', ['60'], {
    env: { ...process.env, SD_TEST_ID: `${namespace}.${process.pid}-x` },
  })
  await once(stranger, 'spawn')
  removeAbandoned()
  stranger.kill('SIGTERM')
  expect(await once(stranger, 'exit')).toEqual([null, 'SIGTERM'])
})
