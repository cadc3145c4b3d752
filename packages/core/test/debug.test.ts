import { afterEach, expect, test } from '@jest/globals'
import {
  createDaemon,
  type DebugFacet,
  type DebugPoint,
  debugProbe,
  definePlugin,
  installDebugProbe,
  type Logger,
  type PluginHost,
  systemTime,
} from '@sd/core'
import { createSandbox, runFixture, waitUntil } from '@sd/testing'

const logger: Logger = { debug() {}, info() {}, error() {}, fatal() {} }
const INTERVAL = 100

afterEach(() => installDebugProbe(undefined))

/** A daemon with a clock, and what its plugins have of it. */
function compose(execute: () => unknown = () => {}) {
  let host!: PluginHost
  const facet: DebugFacet = { types: () => [{ pool: 'shop', methods: ['buy'] }] }
  const daemon = createDaemon({ name: 'test', interval: INTERVAL, signals: false, logger, priority: 0 })
    .use(
      definePlugin('plain', (given) => {
        host = given
        return { service: {} }
      }),
    )
    .use(definePlugin('shop', () => ({ service: {}, debug: facet })))
    .execute(execute)
  const overruns: unknown[] = []
  daemon.on('overrun', (overrun) => overruns.push(overrun))
  return { daemon, host: () => host, facet, overruns }
}

/** Stops the main thread, as a debugger does: it tells how long when it lets go. */
function pause(duration: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration)
  const target = (globalThis as Record<symbol, unknown>)[Symbol.for('sd.debugTarget')]
  ;(target as { thaw(pause: number): void }).thaw(duration)
}

test('a breakpoint asks the probe, and lets through where there is none', () => {
  const { daemon } = compose()
  expect(debugProbe()).toBeUndefined()
  expect(daemon.breakpoint('nobody')).toBe(true)
  const points: DebugPoint[] = []
  let answer = true
  installDebugProbe({
    reach(point) {
      points.push(point)
      return answer
    },
  })
  expect(daemon.breakpoint('here')).toBe(true)
  answer = false
  expect(daemon.breakpoint()).toBe(false)
  expect(points).toEqual([{ name: 'breakpoint', label: 'here' }, { name: 'breakpoint' }])
  installDebugProbe({
    reach() {
      throw new Error('broken')
    },
  })
  expect(daemon.breakpoint()).toBe(true)
})

test('no plugin can take the name of the breakpoint', () => {
  const { daemon } = compose()
  expect(() => daemon.use(definePlugin('breakpoint', () => ({ service: {} })))).toThrow(
    expect.objectContaining({ code: 'SD_CORE_PLUGIN_NAME' }),
  )
})

test('a debugger finds the facets of the plugins, and the daemon itself', async () => {
  const { daemon, host, facet } = compose()
  const running = daemon.run()
  await waitUntil(() => daemon.state === 'running')
  expect(Object.keys(host().facets())).toEqual(['daemon', 'shop'])
  expect(host().facets().shop).toBe(facet)
  expect(host().facets().daemon!.processes!()).toEqual([
    { pid: process.pid, role: 'daemon', group: 'test', index: 0, state: 'running' },
  ])
  await daemon.stop()
  await running
})

test('the shutdown is a point, before anybody hears of it', async () => {
  const { daemon } = compose()
  const seen: string[] = []
  installDebugProbe({
    reach({ name, facts }) {
      seen.push(`${name} ${facts?.reason}`)
      return true
    },
  })
  daemon.on('shutdown', () => void seen.push('event'))
  const running = daemon.run()
  await waitUntil(() => daemon.state === 'running')
  await daemon.stop()
  await running
  expect(seen).toEqual(['shutdown stop', 'event'])
})

test('a pause of the main thread is no overrun, and each deadline moves by it', async () => {
  let iterations = 0
  const durations: number[] = []
  const { daemon, host, overruns } = compose(() => {
    if (++iterations === 3) pause(1000)
  })
  daemon.on('postExecute', ({ duration }) => void durations.push(duration))
  const running = daemon.run()
  await waitUntil(() => iterations === 2)
  const { clock } = host()
  const begin = { daemon: clock.now(), system: systemTime(clock).now() }
  const fired = new Promise<number>((resolve) => {
    clock.after(600, () => resolve(systemTime(clock).now()))
  })
  expect((await fired) - begin.system).toBeGreaterThanOrEqual(1590)
  expect(clock.now() - begin.daemon).toBeLessThan(systemTime(clock).now() - begin.system - 990)
  await daemon.stop()
  await running
  expect(durations[2]).toBeLessThan(900)
  expect(overruns.length).toBeLessThan(3)
})

test('a pause by a real inspector, wherever the main thread is, counts for nothing', async () => {
  const sandbox = createSandbox()
  const fixture = runFixture(new URL('./fixtures/paused-daemon.ts', import.meta.url), { env: sandbox.env })
  const [line] = await fixture.waitForLine(/^\{.*\}$/, 30_000)
  expect(await fixture.exit).toEqual({ code: 0, signal: null })
  const { uptime, wall, skipped } = JSON.parse(line) as Record<string, number>
  expect(wall! - uptime!).toBeGreaterThanOrEqual(1990)
  // The pause alone would be 40 slots.
  expect(skipped).toBeLessThan(40)
  await sandbox.assertNothingLeft()
}, 60_000)

test('a pause that nobody tells of is an overrun, as ever', async () => {
  let iterations = 0
  const { daemon, overruns } = compose(() => {
    if (++iterations === 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  })
  const running = daemon.run()
  await waitUntil(() => overruns.length > 0)
  expect(overruns[0]).toMatchObject({ iteration: 2 })
  await daemon.stop()
  await running
})

test('while the time of the daemon stands still its loop waits, and a stop goes on all the same', async () => {
  let iterations = 0
  const { daemon, host } = compose(() => void iterations++)
  const running = daemon.run()
  await waitUntil(() => iterations > 1)
  const { freeze, thaw } = host().facets().daemon as Required<DebugFacet>
  freeze(undefined)
  freeze(process.pid)
  const before = iterations
  await new Promise((resolve) => setTimeout(resolve, 5 * INTERVAL))
  expect(iterations).toBeLessThanOrEqual(before + 1)
  thaw(undefined)
  await waitUntil(() => iterations > before + 2)
  freeze(undefined)
  const report = await daemon.stop()
  expect(report.unfinished).toEqual([])
  await running
  freeze(undefined)
  const { clock } = host()
  const at = clock.now()
  await waitUntil(() => clock.now() > at)
})
