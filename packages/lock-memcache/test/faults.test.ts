import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Lease, parseHolder } from '@sd/lock'
import { memcacheBackend } from '@sd/lock-memcache'
import { createSandbox, type Memcached, type Sandbox, startMemcached, waitUntil } from '@sd/testing'
import { opcodes } from '../src/protocol.ts'
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts'

/** Within which an operation must succeed or fail. Milliseconds. */
const TIMEOUT = 600
const TTL = 3000
/** What is not tested may take its time. Milliseconds. */
const PATIENCE = 20_000
/** When a delayed request reaches the server: its client has given up. */
const DELAY = TIMEOUT + 350

let memcached: Memcached
let proxy: FaultProxy
let sandbox: Sandbox
let name: string

beforeAll(async () => {
  memcached = await startMemcached()
  proxy = await startFaultProxy(memcached.port, DELAY)
})

afterAll(async () => {
  await proxy.stop()
  await memcached.stop()
})

beforeEach(() => {
  sandbox = createSandbox()
  name = randomUUID()
})

afterEach(async () => {
  proxy.arm()
  await waitUntil(() => proxy.connections === 0, 'all connections are closed')
  await sandbox.assertNothingLeft()
})

const evict = (): Promise<unknown> => memcached.command(`delete sd:lock:${name}`)
const restart = (): Promise<unknown> => memcached.restart()
const faults: readonly Fault[] = [
  { name: 'closed before it is done', request: 'swallowed', answer: 'close' },
  { name: 'reset before it is done', request: 'swallowed', answer: 'reset' },
  { name: 'done, and closed without an answer', request: 'forwarded', answer: 'close' },
  { name: 'done, and reset without an answer', request: 'forwarded', answer: 'reset' },
  { name: 'half an answer, then closed', request: 'forwarded', answer: 'half, then close' },
  { name: 'half an answer, then reset', request: 'forwarded', answer: 'half, then reset' },
  { name: 'done, and the answer lost', request: 'forwarded', answer: 'none' },
  { name: 'stalled, and never done', request: 'swallowed', answer: 'none' },
  { name: 'stalled, and done when nobody waits for it any more', request: 'delayed', answer: 'none' },
  { name: 'the server is started anew before', request: 'forwarded', answer: 'whole', before: restart },
  { name: 'the server is started anew after', request: 'forwarded', answer: 'none', after: restart },
  { name: 'evicted before', request: 'forwarded', answer: 'whole', before: evict },
  { name: 'evicted after', request: 'forwarded', answer: 'whole', after: evict },
]

interface Settled {
  readonly error?: Error
}

/** Awaits an operation, whatever comes of it. */
async function settle(operation: Promise<unknown>): Promise<Settled> {
  return operation.then(
    () => ({}),
    (error: Error) => ({ error }),
  )
}

async function readOwner(): Promise<string | undefined> {
  const [, value] = await memcached.command(`get sd:lock:${name}`)
  return value === undefined ? undefined : parseHolder(value)?.id
}

/** Holds a lock through the proxy, or one of one's own. */
async function take(lease: Lease, server: string, wait = 0): Promise<void> {
  const backend = memcacheBackend(name, { servers: [server], timeout: TIMEOUT, quarantine: 0 })
  await lease.acquire(backend, { name, ttl: TTL, wait })
}

/** Whoever claims the lock has it; and what was delayed meanwhile has not changed that. */
async function expectTruth(lease: Lease, fault: Fault): Promise<void> {
  if (fault.request === 'delayed') await new Promise((resolve) => setTimeout(resolve, DELAY))
  // What happens after an answer it learns by the next renewal, or because the connection ends.
  if (fault.after === evict) await lease.renew()
  if (lease.isStillMine()) expect(await readOwner()).toBe(lease.holder.id)
}

const steps = [
  { step: 'get', at: 0, opcode: opcodes.get },
  { step: 'add', at: 1, opcode: opcodes.add },
  { step: 'increment', at: 2, opcode: opcodes.increment },
  { step: 'set', at: 3, opcode: opcodes.set },
]

describe.each(faults)('$name', (fault) => {
  test.each(steps)('while it is acquired: $step', async ({ at, opcode }) => {
    proxy.arm(fault, at)
    const lease = new Lease()
    const { error } = await settle(take(lease, proxy.address))
    expect(proxy.opcodes[at]).toBe(opcode)
    if (error) {
      expect(lease.state).toBe('free')
      expect(error).toMatchObject({ transient: true })
    } else await expectTruth(lease, fault)
    await lease.release().catch(() => {})
    // Whatever was left, the next one gets it, with a greater token.
    const next = new Lease()
    await take(next, memcached.address, PATIENCE)
    if (!error && !fault.before && !fault.after) expect(next.token).toBeGreaterThan(lease.token)
    expect(await readOwner()).toBe(next.holder.id)
    await next.release()
  })

  test('while it is renewed', async () => {
    const lease = new Lease()
    await take(lease, proxy.address, PATIENCE)
    proxy.arm(fault)
    await settle(lease.renew())
    expect(proxy.opcodes[0]).toBe(opcodes.set)
    const isGone = fault.before !== undefined || fault.after !== undefined
    if (isGone) {
      await waitUntil(() => lease.state === 'lost' || fault.after === evict, 'the loss is noticed', TTL)
      await expectTruth(lease, fault)
      expect(lease.state).toBe('lost')
      expect(lease.signal.aborted).toBe(true)
    } else {
      await expectTruth(lease, fault)
      expect(await lease.renew()).toBe(true)
    }
    await lease.release()
  })

  test('while it is released', async () => {
    const lease = new Lease()
    await take(lease, proxy.address, PATIENCE)
    proxy.arm(fault)
    await settle(lease.release())
    expect(proxy.opcodes[0]).toBe(opcodes.delete)
    expect(lease.isStillMine()).toBe(false)
    const next = new Lease()
    await take(next, memcached.address, PATIENCE)
    // A delayed delete of the first one's record leaves the second one's alone.
    await expectTruth(next, fault)
    expect(await next.check()).toBe(true)
    await next.release()
  })
})
