import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { SdError } from '@sd/core'
import { FakeClock } from '@sd/testing'
import { Lease, type LockAttempt, type LockHolder } from '../src/index.ts'
import { nextLeaseState } from '../src/lease-state.ts'
import { FakeBackend } from './fake-backend.ts'

const TTL = 3000

let clock: FakeClock
let backend: FakeBackend
let lease: Lease
let losses: SdError[]

beforeEach(() => {
  clock = new FakeClock()
  backend = new FakeBackend()
  losses = []
  lease = new Lease((error) => losses.push(error), clock)
})

afterEach(() => expect(clock.pending).toBe(0))

const EXAMPLE: LockHolder = {
  ...{ id: 'a', name: 'test', pid: 1, startTime: '1', thread: 0, host: 'web1', boot: 'b', namespaces: '' },
  ...{ token: 1, ttl: 1, since: '', renewals: 0, renewedAt: 0 },
}

const take = (options = {}): Promise<void> => lease.acquire(backend, { name: 'test', ttl: TTL, ...options })

/** A promise that somebody else settles, as a server that does not answer. */
function hang<Value>(): { promise: Promise<Value>; resolve(value: Value): void } {
  return Promise.withResolvers<Value>()
}

const fail =
  (message: string, facts = {}) =>
  async (): Promise<never> => {
    throw Object.assign(new Error(message), facts)
  }

async function failureOf(promise: Promise<unknown>): Promise<SdError> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  )
}

test('the states of a lease and what leads from one to another', () => {
  const table = (['free', 'held', 'lost', 'released'] as const).map((state) =>
    (['acquired', 'lose', 'release'] as const).map((input) => nextLeaseState(state, input)),
  )
  expect(table).toEqual([
    ['held', undefined, 'released'],
    [undefined, 'lost', 'released'],
    [undefined, undefined, undefined],
    [undefined, undefined, undefined],
  ])
})

describe('a lease that is held', () => {
  test('is renewed when a third of its ttl has passed, again and again', async () => {
    await take()
    await clock.advance(TTL / 3 - 1)
    expect(backend.count('renew')).toBe(0)
    await clock.advance(1)
    expect(backend.count('renew')).toBe(1)
    await clock.advance(TTL * 10)
    expect(backend.count('renew')).toBe(31)
    expect(lease.holder).toMatchObject({ token: 7, renewals: 31, renewedAt: clock.now() })
    expect(lease.isStillMine()).toBe(true)
    await lease.release()
    expect(backend.asked.slice(-2)).toEqual(['release', 'close'])
    expect(lease.isStillMine()).toBe(false)
  })

  test('counts its ttl from the beginning of the renewal, not from the answer', async () => {
    await take()
    const answer = hang<boolean>()
    backend.onRenew = () => answer.promise
    await clock.advance(TTL / 3 + 500)
    backend.onRenew = () => new Promise(() => {})
    answer.resolve(true)
    await clock.advance(TTL - 501)
    expect(lease.isStillMine()).toBe(true)
    await clock.advance(1)
    expect(lease.isStillMine()).toBe(false)
    expect(lease.state).toBe('lost')
  })

  test('is lost at the very end of its ttl when it cannot be renewed, after many tries', async () => {
    await take()
    backend.onRenew = fail('EIO')
    await clock.advance(TTL - 1)
    expect(lease.isStillMine()).toBe(true)
    expect(backend.count('renew')).toBeGreaterThan(5)
    await clock.advance(1)
    expect(losses).toHaveLength(1)
    expect(losses[0]).toMatchObject({ code: 'SD_LOCK_LOST', lock: 'test', token: 7, ttl: TTL })
    expect(losses[0]!.cause).toMatchObject({ message: 'EIO' })
    expect(lease.signal.reason).toBe(losses[0])
    expect(backend.count('close')).toBe(1)
  })

  test('is lost at the end of its ttl when the backend does not answer', async () => {
    await take()
    backend.onRenew = () => new Promise(() => {})
    await clock.advance(TTL)
    expect(losses[0]!.message).toContain('could not be renewed within its ttl')
    expect(losses[0]!.cause).toMatchObject({ code: 'SD_LOCK_TIMEOUT' })
  })

  test('survives failures that end in time', async () => {
    await take()
    backend.onRenew = fail('EIO')
    await clock.advance(TTL * 0.9)
    backend.onRenew = async () => true
    await clock.advance(TTL)
    expect(lease.isStillMine()).toBe(true)
    await lease.release()
  })

  test('is lost at once when it is found to be taken', async () => {
    await take()
    backend.onRenew = async () => false
    expect(await lease.renew()).toBe(false)
    expect(losses[0]!.message).toContain('taken it over, or removed it')
    await lease.release()
    expect(backend.count('release')).toBe(0)
  })

  test('does not ask, and is lost, when the process slept through its ttl', async () => {
    await take()
    clock.skip(TTL)
    expect(lease.isStillMine()).toBe(false)
    await clock.advance(0)
    expect(lease.state).toBe('lost')
    expect(backend.asked).toEqual(['acquire', 'close'])
  })

  test('asks before an iteration, but not twice within a moment', async () => {
    await take()
    expect(lease.renewUnlessFresh()).toBe(true)
    clock.skip(50)
    expect(await lease.renewUnlessFresh()).toBe(true)
    expect(backend.count('renew')).toBe(1)
    clock.skip(TTL)
    expect(lease.renewUnlessFresh()).toBe(false)
    expect(lease.state).toBe('lost')
  })

  test('is checked when the backend sees something, and lost if so', async () => {
    await take()
    backend.onChange!()
    backend.onChange!()
    await clock.advance(0)
    expect(backend.count('check')).toBe(1)
    backend.onCheck = async () => false
    backend.onChange!()
    await clock.advance(0)
    expect(lease.state).toBe('lost')
    expect(backend.onChange).toBeUndefined()
  })

  test('is not lost because a check cannot be made', async () => {
    await take()
    backend.onCheck = fail('EIO')
    await expect(lease.check()).rejects.toThrow('EIO')
    backend.onChange!()
    await clock.advance(0)
    expect(lease.isStillMine()).toBe(true)
    await lease.release()
  })

  test('asks for one thing at a time', async () => {
    await take()
    const renewal = hang<boolean>()
    backend.onRenew = () => renewal.promise
    const renewed = lease.renew()
    await clock.advance(0)
    const checked = lease.check()
    const released = lease.release()
    await clock.advance(0)
    expect(backend.asked).toEqual(['acquire', 'renew'])
    renewal.resolve(true)
    await Promise.all([renewed, checked, released])
    expect(backend.asked).toEqual(['acquire', 'renew', 'release', 'close'])
  })

  test('closes the backend even if the release fails', async () => {
    await take()
    backend.onRelease = fail('EIO')
    await expect(lease.release()).rejects.toThrow('EIO')
    expect(backend.count('close')).toBe(1)
    await lease.release()
  })

  test('that is abandoned gives nothing back', async () => {
    await take()
    lease.abandon()
    expect(lease.signal.aborted).toBe(true)
    await lease.release()
    expect(losses).toEqual([])
    expect(backend.asked).toEqual(['acquire', 'close'])
  })
})

describe('a lease that is not held yet', () => {
  const held: LockAttempt = { holder: undefined }

  test('has no token, and says when it will', () => {
    expect(() => lease.token).toThrow(expect.objectContaining({ code: 'SD_LOCK_NOT_HELD' }))
    expect(lease.isStillMine()).toBe(false)
    expect(lease.renewUnlessFresh()).toBe(false)
  })

  test('is refused without waiting', async () => {
    backend.onAcquire = async () => held
    expect(await failureOf(take())).toMatchObject({
      code: 'SD_LOCK_HELD',
      lock: 'test',
      place: 'a fake place',
    })
    expect(backend.asked).toEqual(['acquire', 'close'])
  })

  test('is told when a holder that may have died makes room', async () => {
    const holder = { ...EXAMPLE, ttl: 4000 }
    backend.onAcquire = async () => ({ holder })
    expect((await failureOf(take())).message).not.toContain('has died')
    backend.traits = { ...backend.traits, provesDeath: false }
    const second = new Lease(() => {}, clock)
    const error = await failureOf(second.acquire(backend, { name: 'test', ttl: TTL }))
    expect(error.message).toContain('If that one has died, the lock is free within 4000 ms.')
    expect(error.holder).toBe(holder)
  })

  test('looks on, even without waiting, for as long as it is undecided whether the holder lives', async () => {
    backend.onAcquire = async () => ({ holder: undefined, undecided: true })
    const taken = take()
    await clock.advance(10_000)
    backend.onAcquire = async () => ({ token: 8 })
    await clock.advance(200)
    await taken
    expect(lease.token).toBe(8)
    await lease.release()
  })

  test('waits as long as it was told, and says for whom once', async () => {
    backend.onAcquire = async () => held
    const told: string[] = []
    const taken = failureOf(take({ wait: 1000, onWaiting: (message: string) => told.push(message) }))
    await clock.advance(900)
    expect(backend.count('acquire')).toBeGreaterThan(5)
    await clock.advance(300)
    expect((await taken).code).toBe('SD_LOCK_HELD')
    expect(told).toEqual(['Waiting for the lock "test", which is held by somebody'])
  })

  test('says once why it cannot be known who has it', async () => {
    backend.onAcquire = fail('the server is gone', { transient: true })
    const told: string[] = []
    const taken = take({ wait: 60_000, onWaiting: (message: string) => told.push(message) })
    await clock.advance(2000)
    backend.onAcquire = async () => ({ holder: EXAMPLE })
    await clock.advance(500)
    backend.onAcquire = fail('the server is gone again', { transient: true })
    await clock.advance(500)
    backend.onAcquire = async () => ({ token: 9 })
    await clock.advance(200)
    await taken
    expect(told).toEqual([
      'Waiting for the lock "test": the server is gone',
      'Waiting for the lock "test", which is held by process 1 on web1, since ',
    ])
    await lease.release()
  })

  test('says whom it looks at for longer than a moment, although it was not told to wait', async () => {
    backend.onAcquire = async () => ({ holder: { ...EXAMPLE, ttl: 60_000 }, undecided: true })
    const told: string[] = []
    const taken = take({ onWaiting: (message: string) => told.push(message) })
    await clock.advance(400)
    expect(told).toEqual([])
    await clock.advance(5000)
    expect(told).toEqual([
      'Looking whether the lock "test" is still held by process 1 on web1, since : it has 60000 ms to renew it',
    ])
    backend.onAcquire = async () => ({ token: 9 })
    await clock.advance(200)
    await taken
    await lease.release()
  })

  test('tries again while it waits when the place is out of order for the moment', async () => {
    backend.onAcquire = fail('ECONNREFUSED', { transient: true })
    const taken = take({ wait: Number.POSITIVE_INFINITY })
    await clock.advance(5000)
    backend.onAcquire = async () => ({ token: 9 })
    await clock.advance(200)
    await taken
    await lease.release()
  })

  test('fails with what the backend throws', async () => {
    backend.onAcquire = fail('ECONNREFUSED', { transient: true })
    await expect(take()).rejects.toThrow('ECONNREFUSED')
    expect(backend.count('close')).toBe(1)
  })

  test('that stands by outlives a place that does not answer, and asks it again only then', async () => {
    const late = hang<LockAttempt>()
    const giving = hang<void>()
    backend.onAcquire = () => late.promise
    backend.onRelease = () => giving.promise
    const told: string[] = []
    const taken = take({ wait: Number.POSITIVE_INFINITY, onWaiting: (message: string) => told.push(message) })
    await clock.advance(TTL * 3)
    expect(told).toEqual([expect.stringContaining('To acquire the lock "test" took longer than 3000 ms')])
    late.resolve({ token: 3 })
    await clock.advance(500)
    expect(backend.asked).toEqual(['acquire', 'release'])
    backend.onAcquire = async () => ({ token: 4 })
    giving.resolve()
    await clock.advance(500)
    await taken
    expect(lease.token).toBe(4)
    backend.onRelease = async () => {}
    await lease.release()
  })

  test('does not wait longer than it was told for a place that does not answer, nor when it is cancelled', async () => {
    backend.onAcquire = () => hang<LockAttempt>().promise
    const taken = failureOf(take({ wait: TTL * 2 }))
    await clock.advance(TTL * 2 + 200)
    expect((await taken).code).toBe('SD_LOCK_TIMEOUT')
    const abort = new AbortController()
    lease = new Lease(() => {}, clock)
    const cancelled = failureOf(take({ wait: Number.POSITIVE_INFINITY, signal: abort.signal }))
    await clock.advance(TTL * 2)
    abort.abort()
    await clock.advance(0)
    expect((await cancelled).code).toBe('SD_LOCK_CANCELLED')
  })

  test('gives back what it gets when it is too late', async () => {
    const late = hang<LockAttempt>()
    backend.onAcquire = () => late.promise
    const taken = failureOf(take())
    await clock.advance(TTL)
    expect((await taken).code).toBe('SD_LOCK_TIMEOUT')
    late.resolve({ token: 3 })
    await clock.advance(0)
    expect(backend.count('release')).toBe(1)
  })

  test('gives back what it gets when it was released meanwhile', async () => {
    const late = hang<LockAttempt>()
    backend.onAcquire = () => late.promise
    const taken = failureOf(take())
    await lease.release()
    late.resolve({ token: 3 })
    expect((await taken).code).toBe('SD_LOCK_CANCELLED')
    expect(backend.count('release')).toBe(1)
  })

  test('serves once', async () => {
    await take()
    expect((await failureOf(take())).code).toBe('SD_LOCK_USED')
    await lease.release()
  })

  test('rounds its ttl up to what the backend can keep', async () => {
    backend.traits = { provesDeath: false, ttlStep: 1000, leastTtl: 2000, durable: true }
    await take({ ttl: 2100 })
    expect(lease.ttl).toBe(3000)
    await lease.release()
    const short = new Lease(() => {}, clock)
    await short.acquire(backend, { name: 'test', ttl: 100 })
    expect(short.ttl).toBe(2000)
    await short.release()
  })
})
