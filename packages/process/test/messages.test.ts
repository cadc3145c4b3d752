import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Child } from '../src/index.ts'
import { createStage, type Stage } from './managers.ts'

let stage: Stage

beforeEach(() => {
  stage = createStage()
})

afterEach(() => stage.clear())

/** Resolves with the first `count` messages. */
function collect(count: number): { onMessage(message: unknown): void; all: Promise<unknown[]> } {
  const messages: unknown[] = []
  let finish: (messages: unknown[]) => void
  const all = new Promise<unknown[]>((resolve) => {
    finish = resolve
  })
  const onMessage = (message: unknown): void => {
    messages.push(message)
    if (messages.length === count) finish(messages)
  }
  return { onMessage, all }
}

test('messages arrive whole and in order, whatever structured clone takes', async () => {
  const sent: unknown[] = [
    new Map([[{ key: 1 }, new Set([1n, 'ü'])]]),
    new Date(0),
    new Float64Array([1, 2, 3]),
    'x'.repeat(5_000_000),
    undefined,
    ...Array.from({ length: 2000 }, (_, number) => ({ number })),
  ]
  const { onMessage, all } = collect(sent.length)
  const child = stage.manager.spawn(stage.spec('echo', { onMessage }))
  for (const message of sent) expect(child.send(message)).toBe(true)
  expect(await all).toEqual(sent)
})

test('a typed array that arrives has a buffer of its own', async () => {
  const { onMessage, all } = collect(1)
  const child = stage.manager.spawn(stage.spec('echo', { onMessage }))
  child.send(new Uint8Array([7, 8]))
  const [array] = (await all) as [Uint8Array]
  expect([...array]).toEqual([7, 8])
  expect(array.buffer.byteLength).toBe(2)
})

test('what cannot be cloned is refused at once, and nothing of it is sent', async () => {
  const { onMessage, all } = collect(1)
  const child = stage.manager.spawn(stage.spec('echo', { onMessage }))
  expect(() => child.send({ fn: () => 1 })).toThrow(expect.objectContaining({ name: 'DataCloneError' }))
  child.send('fine')
  expect(await all).toEqual(['fine'])
})

test('an initial message that cannot be cloned starts nothing and takes no slot', async () => {
  const { manager, spec, host } = stage
  expect(() => manager.spawn(spec('echo', { initial: () => 1 }))).toThrow(
    expect.objectContaining({ name: 'DataCloneError' }),
  )
  expect(manager.spawn(spec('echo')).index).toBe(1)
  expect(host.events).toHaveLength(1)
})

test('a child finds its initial message, its arguments and its title, and no trace of the manager', async () => {
  const { onMessage, all } = collect(1)
  const initial = { big: 'x'.repeat(1_000_000), list: [1] }
  const args = ['introduce', '--verbose', 'x y']
  stage.manager.spawn(stage.spec('introduce', { args, initial, onMessage }))
  const [seen] = (await all) as [Record<string, unknown>]
  expect(seen.initial).toEqual(initial)
  expect((seen.argv as string[]).slice(2)).toEqual(args)
  expect((seen.argv as string[])[1]).toMatch(/fixtures\/child\.ts$/)
  expect(seen.title).toBe('sd test-daemon: primes #1')
  const added = Object.keys(seen.env as object).filter((name) => !(name in process.env))
  expect(added).toEqual(['SD_TEST_ID'])
})

test('what a child wrote before it was killed is not lost, even when the daemon writes to it meanwhile', async () => {
  const messages: unknown[] = []
  const onMessage = (message: unknown, child: Child): void => {
    messages.push(message)
    child.send('answer')
  }
  const child = stage.manager.spawn(stage.spec('dying', { onMessage }))
  const exit = await child.exited
  expect(exit).toMatchObject({ code: null, signal: 'SIGKILL', startedReady: true })
  expect(messages).toHaveLength(1000)
})

test('a child that calls process.exit still gets its last words out', async () => {
  const { onMessage, all } = collect(1)
  const child = stage.manager.spawn(stage.spec('leaving', { onMessage }))
  child.send('go')
  expect(await all).toEqual(['last words'])
  expect(await child.exited).toMatchObject({ code: 3, signal: null })
  expect(child.send('too late')).toBe(false)
})

test('a handler that throws is reported and does not stop the messages behind it', async () => {
  const messages: unknown[] = []
  const onMessage = (message: unknown): void => {
    messages.push(message)
    throw new Error('my handler')
  }
  const child = stage.manager.spawn(stage.spec('dying', { onMessage }))
  await child.exited
  expect(messages).toHaveLength(1000)
  expect(stage.host.errors[0]).toMatch('my handler')
})

test('what a child does not read yet is counted as buffered', async () => {
  const child = stage.manager.spawn(stage.spec('busy'))
  await child.ready
  expect(child.buffered).toBe(0)
  child.send('x'.repeat(3_000_000))
  expect(child.buffered).toBeGreaterThan(1_000_000)
})

test('each printed line becomes a record with the pid of the child and the label of its group', async () => {
  const child = stage.manager.spawn(stage.spec('printing'))
  const exit = await child.exited
  const printed = stage.host.records.map(({ pid, label, level, message }) => ({ pid, label, level, message }))
  const line = (message: string): unknown => ({ pid: child.pid, label: 'primes', level: 'info', message })
  expect(printed).toHaveLength(3)
  expect(printed).toEqual(
    expect.arrayContaining([line('two'), line('lines ü and a half'), line('to stderr')]),
  )
  expect(exit.lastOutput).toMatch(/two\nlines ü and a half/)
})

test('onStdio sees each line and can keep it out of the log', async () => {
  const lines: string[] = []
  const onStdio = (line: string, _child: Child, stream: string): boolean => {
    lines.push(`${stream}: ${line}`)
    return stream === 'stderr'
  }
  await stage.manager.spawn(stage.spec('printing', { onStdio })).exited
  expect(lines.sort()).toEqual(['stderr: to stderr', 'stdout: lines ü and a half', 'stdout: two'])
  expect(stage.host.records.map(({ message }) => message)).toEqual(['to stderr'])
})
