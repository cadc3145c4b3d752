import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createDaemon, SdError } from '@sd/core'
import { Lease } from '@sd/lock'
import { shmBackend, shmLock } from '@sd/lock-shm'
import { createSandbox, makeOwnedDirectory, type Sandbox, waitUntil } from '@sd/testing'
import { ShmBackend } from '../src/shm-backend.ts'
import { lockName, openLocks } from './shm-module.ts'

let sandbox: Sandbox
let place: string

beforeEach(() => {
  sandbox = createSandbox()
  place = makeOwnedDirectory('/dev/shm')
})

afterEach(async () => {
  delete process.env.SD_SHM_DIR
  rmSync(place, { recursive: true })
  await sandbox.assertNothingLeft()
})

test('locks of several names lie in one segment and do not know of each other', async () => {
  const segment = await openLocks(place)
  const leases = ['a', 'a.b', 'b'].map((name) => ({ name, lease: new Lease() }))
  for (const { name, lease } of leases) await lease.acquire(shmBackend(segment, name), { name, ttl: 5000 })
  expect(segment.keys()).toEqual(['a', 'a.b', 'b'])
  await leases[1]!.lease.release()
  expect(await leases[0]!.lease.check()).toBe(true)
  const second = new Lease()
  await expect(second.acquire(shmBackend(segment, 'a'), { name: 'a', ttl: 5000 })).rejects.toMatchObject({
    code: 'SD_LOCK_HELD',
  })
  for (const { lease } of leases) await lease.release()
  await segment.destroy()
})

test('a holder whose lock is removed learns of the loss at once', async () => {
  const segment = await openLocks(place)
  const lease = new Lease()
  await lease.acquire(shmBackend(segment, lockName), { name: lockName, ttl: 60_000 })
  const lost = new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
  const other = await openLocks(place)
  await other.delete(lockName)
  await other.close()
  await lost
  expect(lease.isStillMine()).toBe(false)
  expect(lease.signal.reason).toMatchObject({ code: 'SD_LOCK_LOST' })
  await segment.destroy()
})

const removals = {
  'destroyed by another': async () => (await openLocks(place)).destroy(),
  'removed, directory and all': async (directory: string) => rmSync(directory, { recursive: true }),
}
test.each(Object.entries(removals))(
  'a holder whose segment is %s learns of the loss at once, and whoever comes next has a greater token',
  async (_, remove) => {
    const segment = await openLocks(place)
    const lease = new Lease()
    await lease.acquire(shmBackend(segment, lockName), { name: lockName, ttl: 600_000 })
    const lost = new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
    await remove(segment.directory)
    await lost
    expect(lease.signal.reason).toMatchObject({ code: 'SD_LOCK_LOST' })
    const fresh = await openLocks(place)
    const next = new Lease()
    await next.acquire(shmBackend(fresh, lockName), { name: lockName, ttl: 600_000 })
    expect(next.token).toBeGreaterThan(lease.token)
    await segment.close()
    expect(await next.check()).toBe(true)
    await next.release()
    await fresh.destroy()
  },
)

test('a holder that is not told of the removal does not renew what others do not see', async () => {
  const segment = await openLocks(place)
  const lease = new Lease()
  const backend = shmBackend(segment, lockName)
  Object.assign(backend, { watch: undefined })
  await lease.acquire(backend, { name: lockName, ttl: 600_000 })
  rmSync(segment.directory, { recursive: true })
  expect(await lease.renew()).toBe(false)
  expect(lease.state).toBe('lost')
  await segment.close()
})

test('a daemon that stands by gets the lock also when the segment is removed', async () => {
  const holder = await openLocks(place)
  const lease = new Lease()
  await lease.acquire(shmBackend(holder, 'test'), { name: 'test', ttl: 600_000 })
  const lines: string[] = []
  const write = (...words: unknown[]): void => void lines.push(words.join(' '))
  const logger = { trace: write, debug: write, info: write, warn: write, error: write, fatal: write }
  const segment = holder.name
  const daemon = createDaemon({ name: 'test', interval: null, signals: false, logger })
    .use(shmLock({ segment, wait: 60_000 }))
    .execute((daemon) => {
      lines.push(`has token ${daemon.shmLock.token}`)
      void daemon.stop()
    })
  const run = daemon.run()
  await waitUntil(() => lines.some((line) => line.includes('Waiting for the lock "test"')))
  rmSync(holder.directory, { recursive: true })
  expect((await run).exitCode).toBe(0)
  const [, token] = /^has token (\d+)$/m.exec(lines.join('\n'))!
  expect(Number(token)).toBeGreaterThan(lease.token)
  expect(lease.state).toBe('lost')
  await holder.close()
  await (await openLocks(place)).destroy()
})

test('who stands by goes on also when the segment cannot be made anew at once', async () => {
  const holder = await openLocks(place)
  const first = new Lease()
  await first.acquire(shmBackend(holder, lockName), { name: lockName, ttl: 600_000 })
  let failures = 0
  const reopen = (): ReturnType<typeof openLocks> => {
    if (++failures > 2) return openLocks(place)
    const busy = new SdError('SD_SHM_BUSY', 'Somebody writes.', { transient: true })
    return Promise.reject(busy)
  }
  const segment = await openLocks(place)
  const backend = new ShmBackend(segment, lockName, (each) => each.close(), reopen)
  const second = new Lease()
  const waiting = second.acquire(backend, { name: lockName, ttl: 600_000, wait: 60_000 })
  rmSync(holder.directory, { recursive: true })
  await waiting
  expect(failures).toBe(3)
  expect(second.token).toBeGreaterThan(first.token)
  await second.release()
  await holder.close()
  await (await openLocks(place)).destroy()
})

test('a segment with something else in it is refused', async () => {
  const segment = await openLocks(place)
  await segment.put(lockName, 'not a lock' as never)
  const attempt = new Lease().acquire(shmBackend(segment, lockName), { name: lockName, ttl: 5000 })
  await expect(attempt).rejects.toMatchObject({ code: 'SD_LOCK_SHM_FOREIGN' })
  await segment.destroy()
})
