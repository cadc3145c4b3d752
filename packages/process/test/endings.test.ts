import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createDeadline, systemClock } from '@sd/core'
import { waitUntil } from '@sd/testing'
import { isAlive, readIdentity } from '../src/index.ts'
import { createStage, failureOf, type Stage } from './managers.ts'

let stage: Stage

beforeEach(() => {
  stage = createStage()
})

afterEach(() => stage.clear())

/** The pid that a child sends as its first message. */
function spawnWithPid(behaviour: string): {
  child: ReturnType<Stage['manager']['spawn']>
  pid: Promise<number>
} {
  let tell: (pid: number) => void
  const pid = new Promise<number>((resolve) => {
    tell = resolve
  })
  const onMessage = (message: unknown): void => tell(message as number)
  return { child: stage.manager.spawn(stage.spec(behaviour, { onMessage })), pid }
}

test('a drained child finishes, has all it sent delivered, and exits with 0', async () => {
  const messages: unknown[] = []
  const onMessage = (message: unknown): void => void messages.push(message)
  const child = stage.manager.spawn(stage.spec('obedient', { onMessage }))
  await child.ready
  const exited = child.drain()
  expect(child.state).toBe('draining')
  expect(await exited).toMatchObject({ code: 0, signal: null, startedReady: true })
  expect(messages).toHaveLength(201)
  expect(messages.at(-1)).toBe('drained')
  expect(child.state).toBe('exited')
})

test('SIGTERM means drain', async () => {
  const messages: unknown[] = []
  const onMessage = (message: unknown): void => void messages.push(message)
  const child = stage.manager.spawn(stage.spec('obedient', { onMessage }))
  await child.ready
  expect(await child.kill('SIGTERM')).toMatchObject({ code: 0, signal: null })
  expect(messages.at(-1)).toBe('drained')
})

test('a child without a drain handler exits at once', async () => {
  const child = stage.manager.spawn(stage.spec('echo'))
  await child.ready
  expect(await child.drain()).toMatchObject({ code: 0 })
})

test('a child that is drained before it is ready ends without having been ready', async () => {
  const child = stage.manager.spawn(stage.spec('silent'))
  const ready = failureOf(child.ready)
  expect(await child.drain()).toMatchObject({ code: 0, startedReady: false })
  expect((await ready).code).toBe('SD_PROCESS_DIED')
})

test('a stubborn child gets SIGTERM before the deadline and SIGKILL at the deadline', async () => {
  const child = stage.manager.spawn(stage.spec('stubborn', { killAfter: 1900 }))
  await child.ready
  const before = performance.now()
  const exit = await child.drain(createDeadline(systemClock, 2000))
  expect(exit).toMatchObject({ code: null, signal: 'SIGKILL' })
  expect(exit.lastOutput).toMatch('SIGTERM came')
  expect(performance.now() - before).toBeGreaterThan(1950)
})

test('a deadline that has passed, or that is brought forward, kills at once', async () => {
  const [first, second] = [1, 2].map(() => stage.manager.spawn(stage.spec('stubborn')))
  await Promise.all([first!.ready, second!.ready])
  expect(await first!.drain(createDeadline(systemClock, 0))).toMatchObject({ signal: 'SIGKILL' })
  const deadline = createDeadline(systemClock, 60_000)
  const exited = second!.drain(deadline)
  deadline.expire()
  expect(await exited).toMatchObject({ signal: 'SIGKILL' })
})

test('a second drain with an earlier deadline wins', async () => {
  const child = stage.manager.spawn(stage.spec('stubborn'))
  await child.ready
  const late = createDeadline(systemClock, 60_000)
  const exited = child.drain(late)
  void child.drain(createDeadline(systemClock, 50))
  expect(await exited).toMatchObject({ signal: 'SIGKILL' })
  late.cancel()
})

test('many children can share one deadline without a warning', async () => {
  const warnings: unknown[] = []
  const note = (warning: unknown): void => void warnings.push(warning)
  process.on('warning', note)
  const children = Array.from({ length: 12 }, () => stage.manager.spawn(stage.spec('echo')))
  await Promise.all(children.map((child) => child.ready))
  const deadline = createDeadline(systemClock, 60_000)
  await stage.manager.drain(deadline)
  deadline.cancel()
  process.off('warning', note)
  expect(warnings).toEqual([])
  expect(children.map((child) => child.state)).toEqual(Array(12).fill('exited'))
})

test('kill ends a child in an endless loop, and a stopped one', async () => {
  const [busy, stopped] = ['busy', 'echo'].map((behaviour) => stage.manager.spawn(stage.spec(behaviour)))
  await Promise.all([busy!.ready, stopped!.ready])
  process.kill(stopped!.pid!, 'SIGSTOP')
  const exits = await Promise.all([busy!.kill(), stopped!.kill()])
  expect(exits.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL'])
  expect(await busy!.kill()).toBe(exits[0])
  expect(busy!.send('anything')).toBe(false)
})

test('SIGINT does not end a child', async () => {
  let answer: (message: unknown) => void
  const answered = new Promise((resolve) => {
    answer = resolve
  })
  const child = stage.manager.spawn(stage.spec('echo', { onMessage: (message) => answer(message) }))
  await child.ready
  process.kill(-child.pid!, 'SIGINT')
  child.send('still there')
  expect(await answered).toBe('still there')
})

test('killing a child kills its own children, too', async () => {
  const { child, pid } = spawnWithPid('family')
  const grandchild = readIdentity(await pid)!
  await child.kill()
  await waitUntil(() => !isAlive(grandchild), 'the grandchild is gone')
})

test('what a child leaves behind in its group when it exits is killed', async () => {
  const { child, pid } = spawnWithPid('family')
  const grandchild = readIdentity(await pid)!
  child.send('exit')
  expect(await child.exited).toMatchObject({ code: 0 })
  await waitUntil(() => !isAlive(grandchild), 'the grandchild is gone')
})

test('a process outside the group that holds the output open delays the end of its parent only shortly', async () => {
  const { child, pid } = spawnWithPid('escape')
  const escaped = await pid
  child.send('exit')
  expect(await child.exited).toMatchObject({ code: 0 })
  process.kill(escaped, 'SIGKILL')
})

test('fork and reap tell of each child', async () => {
  const child = stage.manager.spawn(stage.spec('ending', { args: ['ending', '5'] }))
  await child.exited
  const { pid } = child
  expect(stage.host.events).toEqual([
    { event: 'fork', payload: { pid, group: 'primes', index: 1 } },
    { event: 'reap', payload: { pid, group: 'primes', index: 1, code: 5, signal: null } },
  ])
})
