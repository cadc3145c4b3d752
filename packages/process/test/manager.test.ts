import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import { type Child, processManager } from '../src/index.ts'
import { createFakeHost } from './fake-host.ts'
import { createStage, type Stage } from './managers.ts'

let stage: Stage

beforeEach(() => {
  stage = createStage({ random: () => 0 })
})

afterEach(() => stage.clear())

test('a daemon has one manager, whoever asks', () => {
  const host = createFakeHost()
  expect(processManager(host)).toBe(processManager({ ...host }))
  expect(processManager(host)).not.toBe(processManager(createFakeHost()))
})

test.each([
  [{ group: '' }, /option "group" must be a non-empty string/],
  [{ entry: undefined }, /option "entry" must be a path or a file: URL, not undefined/],
  [{ entry: new URL('https://example.org/x.js') }, /must be a path or a file: URL/],
  [{ restart: 'sometimes' }, /must be one of "always", "on-failure", "never"/],
  [{ env: { PORT: 1 } }, /must be an object of strings/],
  [{ readyTimout: 5 }, /unknown option "readyTimout".*readyTimeout/],
])('a spec with %p is refused', (wrong, message) => {
  const spec = { ...stage.spec('echo'), ...wrong } as Parameters<Stage['manager']['spawn']>[0]
  expect(() => stage.manager.spawn(spec)).toThrow(
    expect.objectContaining({ code: 'SD_PROCESS_OPTIONS', message: expect.stringMatching(message) }),
  )
})

test('slots are the lowest free numbers of a group and are used again', async () => {
  const { manager, spec } = stage
  const children = [1, 2, 3].map(() => manager.spawn(spec('echo')))
  expect(children.map(({ index }) => index)).toEqual([1, 2, 3])
  expect(manager.spawn(spec('echo', { group: 'factors' })).index).toBe(1)
  await children[1]!.kill()
  expect(manager.spawn(spec('echo')).index).toBe(2)
  expect(manager.children('primes')).toHaveLength(3)
  expect(manager.children()).toHaveLength(4)
})

test('inspect shows groups, children and totals', async () => {
  const { manager, spec } = stage
  const child = manager.spawn(spec('echo'))
  await child.ready
  await manager.spawn(spec('dying')).exited
  expect(manager.inspect()).toEqual({
    groups: {
      primes: {
        children: [
          { id: 1, index: 1, pid: child.pid, state: 'ready', uptime: expect.any(Number), buffered: 0 },
        ],
        churn: { score: expect.closeTo(1, 0), delay: 0 },
      },
    },
    spawned: 2,
    exited: 1,
  })
})

test('restart always follows each end with a successor, until it is drained', async () => {
  const seen: Child[] = []
  const onChild = (child: Child): void => void seen.push(child)
  stage.manager.spawn(stage.spec('echo', { restart: 'always', onChild }))
  await seen[0]!.ready
  await seen[0]!.kill()
  await waitUntil(() => seen.length === 2, 'a successor')
  await seen[1]!.ready
  expect(seen[1]!.index).toBe(1)
  expect(seen[1]!.pid).not.toBe(seen[0]!.pid)
  await seen[1]!.drain()
  expect(stage.manager.children()).toEqual([])
  expect(seen).toHaveLength(2)
})

test('restart on-failure leaves alone what ended well or was killed on purpose', async () => {
  const seen: Child[] = []
  const onChild = (child: Child): void => void seen.push(child)
  const more = { restart: 'on-failure', onChild } as const
  await stage.manager.spawn(stage.spec('ending', { ...more, args: ['ending', '0'] })).exited
  await stage.manager.spawn(stage.spec('echo', more)).kill()
  expect(seen).toHaveLength(2)
  await stage.manager.spawn(stage.spec('ending', { ...more, args: ['ending', '1'] })).exited
  await waitUntil(() => seen.length >= 4, 'a successor')
})

test('children that die young make the group wait, and in the end the daemon gives up, once', async () => {
  const { manager, spec, host } = stage
  for (let death = 0; death < 2; death++) await manager.spawn(spec('dying')).exited
  expect(manager.spawnDelay('primes')).toBe(0)
  await manager.spawn(spec('dying')).exited
  expect(manager.spawnDelay('primes')).toBeGreaterThan(0)
  expect(manager.spawnDelay('factors')).toBe(0)
  await manager.whenSpawnAllowed('primes')
  expect(manager.spawnDelay('primes')).toBe(0)
  for (let death = 3; death < 14; death++) await manager.spawn(spec('dying')).exited
  expect(host.fatal).toHaveLength(1)
  expect(host.fatal[0]).toMatch(/group "primes" die again and again.*killed by SIGKILL/)
  const waiting = manager.whenSpawnAllowed('primes')
  await manager.close()
  await waiting
})

test('children that were killed, proved useful or reached their age are no churn', async () => {
  const { manager, spec } = stage
  for (let round = 0; round < 2; round++) {
    const killed = manager.spawn(spec('silent'))
    await killed.kill()
    const drained = manager.spawn(spec('echo'))
    await drained.drain()
    const proved = manager.spawn(spec('leaving'))
    await proved.ready
    proved.prove()
    proved.send('go')
    await proved.exited
  }
  expect(manager.inspect()).toMatchObject({ groups: { primes: { churn: { score: 0, delay: 0 } } } })
})
