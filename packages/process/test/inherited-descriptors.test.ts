import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox } from '@sd/testing'
import { findParentDeathProtection } from '../src/parent-death.ts'

const hasSignal = process.platform === 'linux' && findParentDeathProtection().mode === 'signal'
const suite = process.platform === 'linux' ? describe : describe.skip
let sandbox: Sandbox
let daemon: Fixture

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(async () => {
  daemon.kill()
  await daemon.exit
  await sandbox.assertNothingLeft()
})

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
}

suite('what a daemon was started with beyond the first unused descriptor', () => {
  test.each([
    ['with a guard', 'guard', {}],
    ...(hasSignal
      ? [
          ['under a parent-death signal', 'signal', {}] as const,
          ['through a spawner', 'signal', { LARGE_FROM: '0' }] as const,
        ]
      : []),
  ])('is its own, and none of its children has it: %s', async (_, mode, env) => {
    const lock = join(sandbox.dir, 'deploy.lock')
    daemon = runFixture(new URL('./fixtures/daemon.ts', import.meta.url), {
      args: [mode, 'echo', 'echo'],
      env: { ...sandbox.env, ...env },
      prefix: ['bash', '-c', 'exec 17>"$0" 200>"$0"; exec "$@"', lock],
    })
    const [, pids] = await daemon.waitForLine(/^pids (.*)/)
    const children = pids!.split(' ').map(Number)
    expect(openFiles(daemon.pid)).toContain(lock)
    for (const pid of [...children, ...children.map(parentOf)]) {
      if (pid !== daemon.pid) expect(openFiles(pid)).not.toContain(lock)
    }
  })
})
