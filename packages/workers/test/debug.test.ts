import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type DebugFacet, type DebugProcess, installDebugProbe, systemClock } from '@sd/core'
import { createProbe, type ProbeOrder, type ReachedPoint, waitUntil } from '@sd/testing'
import { debugged } from './fixtures/debugged.ts'
import { testDaemons } from './test-daemons.ts'

const { sandbox, start } = testDaemons()

afterEach(() => installDebugProbe(undefined))

const PROBE = import.meta.resolve('@sd/testing/probe-module')

/** A daemon with the worker of `fixtures/debugged.ts`, and a debugger that follows its orders. */
async function startDebugged(options: object = {}, shutdownTimeout?: number) {
  const daemon = await start({ debugged: { worker: debugged, ...options } }, shutdownTimeout)
  const place = mkdtempSync(join(sandbox().dir, 'debugged-'))
  const trace = join(place, 'trace')
  const ran = join(place, 'ran')
  for (const file of [trace, ran]) writeFileSync(file, '')
  const facet = daemon.facets().workers as Required<DebugFacet>
  const read = (file: string): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean)
  const points = (): ReachedPoint[] => read(trace).map((line) => JSON.parse(line) as ReachedPoint)
  const pool = daemon.workers.pool('debugged')
  return {
    ...daemon,
    debugged: daemon.workers.debugged,
    pool,
    facet,
    points,
    ran: () => read(ran),
    file: ran,
    /** Debugs the children. @returns detaches. */
    attach: (order: Omit<ProbeOrder, 'trace'> = {}) => facet.attach(PROBE, { trace, ...order } as never),
    /** Debugs the daemon. */
    probe: (order: Omit<ProbeOrder, 'trace'> = {}) => installDebugProbe(createProbe({ trace, ...order })),
    /** Lets go on what is held up. */
    release: () => writeFileSync(`${trace}.go`, ''),
    async reached(name: string, count = 1): Promise<ReachedPoint> {
      const found = () => points().filter((point) => (point.label ?? point.name) === name)
      await waitUntil(() => found().length >= count, `${count} times at the point ${name}`)
      return found()[count - 1]!
    },
  }
}

const names = (points: readonly ReachedPoint[]): string[] => points.map(({ name, label }) => label ?? name)

describe('points', () => {
  test('a call passes its points in order, in the daemon and in the worker', async () => {
    const { debugged, attach, probe, points, file } = await startDebugged()
    attach()
    probe()
    const call = debugged.work(file, 21)
    expect(await call).toBe(42)
    const seen = points()
    expect(names(seen)).toEqual([
      'beforeFork',
      'in setup',
      'callSent',
      'running',
      'middle',
      'return',
      'return',
    ])
    expect(seen.map(({ pid }) => pid === process.pid)).toEqual([
      ...[true, false, true, false, false, false, true],
    ])
    expect(seen[0]).toMatchObject({ facts: { group: 'debugged' } })
    expect(seen[1]!.call).toBeUndefined()
    for (const point of seen.slice(2)) {
      expect(point).toMatchObject({
        call: { id: call.id, pool: 'debugged', method: 'work' },
        args: [file, 21],
      })
    }
    expect(seen[2]).toMatchObject({ facts: { pid: call.pid } })
    expect(seen.slice(5)).toMatchObject([{ value: 42 }, { value: 42 }])
  })

  test('without a debugger breakpoints let through', async () => {
    const { debugged, pool, points } = await startDebugged()
    expect(await debugged.pass('here')).toBe(true)
    expect(await pool.inline.pass()).toBe(true)
    expect(points()).toEqual([])
  })

  test.each(['callSent', 'running', 'middle', 'return'])(
    'a call that is aborted at %s settles once, as cancelled, and says where',
    async (place) => {
      const { debugged, attach, probe, file, ran, facet } = await startDebugged({ size: 2, retries: 3 })
      const order = { abort: [place] }
      if (place === 'callSent') probe(order)
      else attach(order)
      const where = place === 'middle' ? 'breakpoint "middle"' : place
      for (const call of [debugged.work(file, 1), debugged.workOn(file, 1)]) {
        await expect(call).rejects.toMatchObject({
          code: 'SD_WORKERS_CANCELLED',
          message: `debugged.${call.method}() was cancelled in the debugger, at the point ${where}.`,
          point: where,
          callId: call.id,
        })
        expect(call.status).toBe('cancelled')
      }
      const expected = { callSent: 0, running: 0, middle: 2, return: 2 }[place]
      expect(ran().filter((line) => line === 'ran 1')).toHaveLength(expected!)
      if (place === 'middle') expect(ran()).toContain('aborted true')
      expect(facet.calls().filter(({ settled }) => !settled)).toEqual([])
    },
  )

  test('the daemon drops a result that is aborted at its return', async () => {
    const { debugged, probe, file, ran } = await startDebugged()
    probe({ abort: ['return'] })
    await expect(debugged.work(file, 1)).rejects.toMatchObject({ point: 'return' })
    expect(ran()).toEqual(['ran 1'])
  })

  test('an inline call passes points, too, and can be aborted', async () => {
    const { pool, probe, points, file, ran } = await startDebugged()
    probe({ abort: ['middle'] })
    await expect(pool.inline.work(file, 1)).rejects.toMatchObject({
      code: 'SD_WORKERS_CANCELLED',
      point: 'breakpoint "middle"',
    })
    expect(ran()).toEqual(['ran 1', 'aborted true'])
    expect(names(points())).toEqual(['in setup', 'running', 'middle', 'return'])
  })

  test('a timeout and a retry are points: aborted there, the call is cancelled and its process dead', async () => {
    const { debugged, probe, points } = await startDebugged({ timeout: 300, retries: 1 })
    probe()
    const failed = debugged.sleep(60_000)
    await expect(failed).rejects.toMatchObject({ code: 'SD_WORKERS_TIMEOUT', retries: 1 })
    const seen = names(points()).filter((name) => name === 'timeout' || name === 'retry')
    expect(seen).toEqual(['timeout', 'retry', 'timeout'])
    probe({ abort: ['timeout'] })
    const aborted = debugged.sleep(60_000)
    await expect(aborted).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED', point: 'timeout' })
    expect(() => process.kill(aborted.pid!, 0)).toThrow(/ESRCH/)
    probe({ abort: ['retry'] })
    const again = debugged.sleep(60_000)
    await expect(again).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED', point: 'retry', retries: 0 })
  }, 30_000)

  test('recycling is a point', async () => {
    const { debugged, probe, reached } = await startDebugged({ recycle: { calls: 2 } })
    probe()
    for (let n = 0; n < 6; n++) await debugged.pid()
    expect(await reached('recycle')).toMatchObject({ facts: { group: 'debugged' } })
  })

  test('the records that are kept for the debugger are cleaned up, which is a point', async () => {
    const { pool, probe, facet, reached } = await startDebugged()
    probe()
    for (let n = 0; n < 1250; n++) await pool.inline.pid()
    expect(await reached('garbageCollection')).toMatchObject({
      facts: { group: 'debugged', kept: 1000, dropped: 250 },
    })
    expect(facet.calls()).toHaveLength(1000)
    installDebugProbe(undefined)
    await pool.inline.pid()
    expect(facet.calls()).toHaveLength(0)
  }, 30_000)
})

describe('attaching', () => {
  test('reaches processes that live, and those to come before their file is imported', async () => {
    const { debugged, pool, attach, facet } = await startDebugged()
    const first = await debugged.pid()
    expect(await debugged.attachment()).toBe('none')
    attach()
    await waitUntil(async () => (await debugged.attachment()) === 'after')
    process.kill(first, 'SIGKILL')
    await waitUntil(async () => (await debugged.pid()) !== first, 'another process')
    expect(await debugged.attachment()).toBe('before')
    pool.resize(3)
    const pids = await Promise.all([debugged.sleep(500), debugged.sleep(500), debugged.sleep(500)])
    const listed = processesOf(facet)
    expect(listed.map(({ pid }) => pid)).toEqual(expect.arrayContaining(pids))
    expect(listed.every(({ role, group }) => role === 'worker' && group === 'debugged')).toBe(true)
  })

  test('twice counts once, until both are undone; to undo one twice does nothing', async () => {
    const { debugged, attach, reached, points } = await startDebugged()
    const [detach, detachOther] = [attach(), attach()]
    await debugged.pass('first')
    detach()
    detach()
    await debugged.pass('second')
    await reached('second')
    detachOther()
    await waitUntil(async () => {
      const before = points().length
      await debugged.pass('third')
      return points().length === before
    })
    expect(names(points()).filter((name) => name === 'first')).toHaveLength(1)
  })

  test('a detached process passes no more points, and one that starts later knows nothing of it', async () => {
    const { debugged, attach, points } = await startDebugged({ recycle: { calls: 3 } })
    const detach = attach()
    await debugged.pass('seen')
    const before = await debugged.pid()
    detach()
    await waitUntil(async () => (await debugged.pid()) !== before, 'another process')
    await debugged.pass('unseen')
    expect(await debugged.attachment()).toBe('none')
    expect(names(points())).toContain('seen')
    expect(names(points())).not.toContain('unseen')
  })

  test('a module that does not work is told of in the log, and the worker works', async () => {
    const { debugged, facet, log } = await startDebugged()
    facet.attach('file:///nowhere/at/all.js', {})
    expect(await debugged.pid()).toBeGreaterThan(0)
    await waitUntil(() => log.some(({ message }) => message.includes('could not be attached')))
    expect(log.some(({ message }) => message.includes('/nowhere/at/all.js'))).toBe(true)
  })

  test('the inspector of a process in an endless loop is opened from outside', async () => {
    const { debugged, facet } = await startDebugged({ killAfter: 100 })
    const call = debugged.loop()
    await waitUntil(() => call.status === 'running')
    const address = await facet.openInspector(call.pid!)
    expect(address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/[\w-]+$/)
    expect(await facet.openInspector(call.pid!)).toBe(address)
    expect(await facet.openInspector(process.pid)).toBeUndefined()
    expect(await pausedAt(address!)).toBe('loop')
    call.cancel()
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED' })
  }, 20_000)
})

describe('while a process is paused', () => {
  /** Afterwards its calls have the time that was left. */
  async function staysYoung(): Promise<void> {
    const { debugged, attach, facet, reached, release } = await startDebugged({
      timeout: 1500,
      recycle: { age: 3000 },
    })
    attach({ hold: ['long'] })
    const call = debugged.pass('long')
    const { pid } = await reached('long')
    facet.freeze(pid)
    facet.freeze(pid)
    await new Promise((resolve) => setTimeout(resolve, 4500))
    expect(call.status).toBe('running')
    facet.thaw(pid)
    release()
    expect(await call).toBe(true)
    expect(await debugged.pid()).toBe(pid)
    const late = debugged.sleep(60_000)
    await expect(late).rejects.toMatchObject({ code: 'SD_WORKERS_TIMEOUT' })
  }

  /** A freeze that is told of late counts from when it was paused. */
  async function isFrozenLate(): Promise<void> {
    const { debugged, attach, facet, reached, release } = await startDebugged({ timeout: 2000 })
    attach({ hold: ['long'] })
    const call = debugged.pass('long')
    const { pid } = await reached('long')
    const since = systemClock.now()
    await new Promise((resolve) => setTimeout(resolve, 1200))
    facet.freeze(pid, since)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    facet.thaw(pid)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(call.status).toBe('running')
    release()
    expect(await call).toBe(true)
  }

  /** A pause that nobody is told of does not count. */
  async function isNotFrozen(): Promise<void> {
    const { debugged, attach } = await startDebugged({ timeout: 500 })
    attach({ hold: ['long'] })
    await expect(debugged.pass('long')).rejects.toMatchObject({ code: 'SD_WORKERS_TIMEOUT' })
  }

  async function becomesReady(): Promise<void> {
    const { debugged, attach, facet, reached, release } = await startDebugged({ readyTimeout: 4000 })
    attach({ hold: ['in setup'] })
    const call = debugged.pid()
    const { pid } = await reached('in setup')
    facet.freeze(pid)
    await new Promise((resolve) => setTimeout(resolve, 5000))
    facet.thaw(pid)
    release()
    expect(await call).toBe(pid)
  }

  // They wait, each in a daemon of its own: together it takes as long as the longest.
  test('its calls do not time out, it does not grow old, and its time to become ready does not run out', async () => {
    await Promise.all([staysYoung(), isFrozenLate(), isNotFrozen(), becomesReady()])
  })

  test('a call of it that is cancelled ends in its time, and the process with it', async () => {
    const { debugged, attach, facet, reached } = await startDebugged({ killAfter: 300 })
    attach({ hold: ['long'] })
    const call = debugged.pass('long')
    const { pid } = await reached('long')
    facet.freeze(pid)
    expect(facet.abort('debugged', call.id)).toBe(true)
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED' })
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
    expect(facet.abort('debugged', call.id)).toBe(false)
  }, 20_000)

  test('the daemon stops at its deadline all the same, also when its own time stands still', async () => {
    const daemon = await startDebugged({ killAfter: 200 }, 1500)
    daemon.attach({ hold: ['long'] })
    const call = daemon.debugged.pass('long')
    call.catch(() => {})
    const { pid } = await daemon.reached('long')
    daemon.facet.freeze(pid)
    daemon.facets().daemon!.freeze!(undefined)
    const report = await daemon.stop()
    expect(report.reason).toBe('stop')
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_SHUTDOWN' })
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
  }, 40_000)
})

describe('while the whole daemon stands still', () => {
  test('no call times out, and all have the time that was left afterwards', async () => {
    const { debugged, facets } = await startDebugged({ timeout: 1000 })
    await debugged.pid()
    const { freeze, thaw } = facets().daemon as Required<DebugFacet>
    const call = debugged.sleep(2500)
    await waitUntil(() => call.status === 'running')
    freeze(undefined)
    await new Promise((resolve) => setTimeout(resolve, 2000))
    thaw(undefined)
    expect(await call).toBeGreaterThan(0)
    expect(call.times.returned! - call.times.running!).toBeLessThan(1000)
    const late = debugged.sleep(60_000)
    await expect(late).rejects.toMatchObject({ code: 'SD_WORKERS_TIMEOUT' })
  }, 20_000)
})

describe('what a debugger sees and does', () => {
  test('types, processes and calls with their times, results and errors', async () => {
    const { debugged, facet, probe } = await startDebugged()
    expect(facet.types()).toEqual([
      {
        pool: 'debugged',
        methods: ['work', 'workOn', 'pass', 'pid', 'sleep', 'attachment', 'loop'],
      },
    ])
    expect(processesOf(facet)).toEqual([])
    probe()
    const done = debugged.pid()
    const pid = await done
    const failed = (debugged as unknown as { nothing(): Promise<void> }).nothing()
    await expect(failed).rejects.toMatchObject({ code: 'SD_WORKERS_UNKNOWN_METHOD' })
    const running = debugged.sleep(400)
    await waitUntil(() => running.status === 'running')
    expect(processesOf(facet)).toEqual([{ pid, role: 'worker', group: 'debugged', index: 1, state: 'ready' }])
    expect(facet.calls().map(({ method, status, settled }) => [method, status, settled])).toEqual([
      ['pid', 'returned', true],
      ['nothing', 'failed', true],
      ['sleep', 'running', false],
    ])
    const view = facet.call('debugged', done.id)
    expect(view).toMatchObject({ id: done.id, pool: 'debugged', args: [], result: pid, retries: 0, pid })
    expect(view!.times.returned).toBeGreaterThanOrEqual(view!.times.running!)
    expect(facet.calls()[1]).toMatchObject({ error: { code: 'SD_WORKERS_UNKNOWN_METHOD' } })
    expect(facet.call('debugged', 4711)).toBeUndefined()
    expect(facet.call('nobody', done.id)).toBeUndefined()
    await running
  })

  test('it runs calls, and is told what is wrong with them', async () => {
    const { facet } = await startDebugged()
    expect(await facet.run('debugged', 'pass', ['x'])).toBe(true)
    await expect(facet.run('debugged', 'pas', [])).rejects.toMatchObject({
      code: 'SD_WORKERS_UNKNOWN_METHOD',
    })
    await expect(facet.run('debuged', 'pass', [])).rejects.toMatchObject({ code: 'SD_WORKERS_UNKNOWN_POOL' })
    expect(facet.abort('nobody', 1)).toBe(false)
  })
})

/** Pauses a process through its inspector. @returns the function in which it was. */
function pausedAt(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address)
    socket.addEventListener('error', () => reject(new Error(`Nobody listens at ${address}.`)))
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ id: 1, method: 'Debugger.enable' }))
      socket.send(JSON.stringify({ id: 2, method: 'Debugger.pause' }))
    })
    socket.addEventListener('message', ({ data }) => {
      const { method, params } = JSON.parse(String(data))
      if (method !== 'Debugger.paused') return
      socket.close()
      resolve(params.callFrames[0].functionName)
    })
  })
}

/** What it has started. A process as large as jest's may have one that spawns for it. */
function processesOf(facet: Pick<Required<DebugFacet>, 'processes'>): DebugProcess[] {
  return facet.processes().filter(({ role }) => role !== 'spawner')
}
