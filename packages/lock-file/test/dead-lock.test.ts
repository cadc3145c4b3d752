import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { systemClock } from '@sd/core'
import { readOwnPlace } from '@sd/core/own-place'
import { readIdentity } from '@sd/core/process-identity'
import { Lease, type LockHolder } from '@sd/lock'
import { clearDeadLock, fileBackend, findDeadLock } from '@sd/lock-file'
import { createSandbox, type Sandbox } from '@sd/testing'

let sandbox: Sandbox
let path: string

beforeEach(() => {
  sandbox = createSandbox()
  path = join(sandbox.dir, 'x.lock')
})

afterEach(() => sandbox.assertNothingLeft())

/** Puts somebody into the lock, as if that one had taken it. */
function enter(changes: Partial<LockHolder>): LockHolder {
  const holder: LockHolder = {
    ...readOwnPlace(),
    ...{ id: randomUUID(), name: 'x', token: 7, ttl: 300, renewals: 0 },
    ...{ since: new Date().toISOString(), renewedAt: systemClock.now() },
    ...changes,
  }
  const { token, renewals, renewedAt, id } = holder
  mkdirSync(path, { recursive: true })
  const entry = `token-${token}.renewal-${renewals}.at-${renewedAt.toFixed(3)}.by-${id}`
  writeFileSync(join(path, entry), JSON.stringify(holder))
  return holder
}

async function withProcess(work: (child: ChildProcess) => Promise<void>): Promise<void> {
  const child = spawn('sleep', ['60'], { env: { ...process.env, ...sandbox.env }, stdio: 'ignore' })
  try {
    await work(child)
  } finally {
    if (child.exitCode === null && child.signalCode === null) await kill(child)
  }
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

test('a holder that was killed is found and taken out, and the lock is free', async () => {
  await withProcess(async (child) => {
    const holder = enter(readIdentity(child.pid!)!)
    expect(await findDeadLock(path)).toBeUndefined()
    await kill(child)
    const dead = (await findDeadLock(path))!
    expect(dead).toMatchObject({ path, verdict: 'dead', holder: { id: holder.id, pid: child.pid } })
    // To look changes nothing.
    expect(readdirSync(path)).toHaveLength(1)
    expect(await clearDeadLock(dead)).toBe(true)
    expect(readdirSync(sandbox.dir)).toEqual(['x.lock.last'])
    expect(await clearDeadLock(dead)).toBe(false)
    expect(await findDeadLock(path)).toBeUndefined()
    const lease = new Lease()
    await lease.acquire(fileBackend(path), { name: 'x', ttl: 1000 })
    expect(lease.token).toBe(8)
    await lease.release()
  })
})

test('a holder that lives keeps its lock, also when it is late', async () => {
  await withProcess(async (child) => {
    enter({ ...readIdentity(child.pid!)!, renewedAt: systemClock.now() - 60_000 })
    expect(await findDeadLock(path, 500)).toBeUndefined()
    expect(readdirSync(path)).toHaveLength(1)
  })
})

test('who has taken over meanwhile is not touched', async () => {
  await withProcess(async (child) => {
    enter(readIdentity(child.pid!)!)
    await kill(child)
    const dead = (await findDeadLock(path))!
    const lease = new Lease()
    await lease.acquire(fileBackend(path), { name: 'x', ttl: 5000 })
    expect(await clearDeadLock(dead)).toBe(false)
    expect(await lease.check()).toBe(true)
    await lease.release()
  })
})

test('several who clear do no harm to a daemon that starts meanwhile', async () => {
  for (let round = 0; round < 20; round++) {
    await withProcess(async (child) => {
      enter({ ...readIdentity(child.pid!)!, token: 1000 + round * 10 })
      await kill(child)
      const dead = (await findDeadLock(path))!
      const lease = new Lease()
      const taken = lease.acquire(fileBackend(path), { name: 'x', ttl: 5000, wait: 2000 })
      await Promise.all([taken, ...Array.from({ length: 5 }, () => clearDeadLock(dead))])
      expect(await lease.check()).toBe(true)
      await lease.release()
    })
  }
}, 60_000)

test('a holder of another boot is watched: it is gone when it does not renew', async () => {
  const holder = enter({ boot: 'another', pid: 1 })
  expect(await findDeadLock(path)).toBeUndefined()
  const dead = (await findDeadLock(path, 5000))!
  expect(dead).toMatchObject({ verdict: 'expired', holder: { id: holder.id } })
  expect(await clearDeadLock(dead)).toBe(true)
  expect(existsSync(path)).toBe(false)
})

test('what is no lock is refused, and a free one is nothing', async () => {
  expect(await findDeadLock(path)).toBeUndefined()
  mkdirSync(path)
  writeFileSync(join(path, 'mine'), '')
  await expect(findDeadLock(path)).rejects.toMatchObject({ code: 'SD_LOCK_FILE_UNSAFE' })
  const link = join(sandbox.dir, 'link.lock')
  symlinkSync(sandbox.dir, link)
  await expect(findDeadLock(link)).rejects.toMatchObject({ code: 'SD_LOCK_FILE_UNSAFE' })
})
