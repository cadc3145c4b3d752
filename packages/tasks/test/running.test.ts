import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { AnyTask, TaskStatus } from '@sd/tasks'
import { waitUntil } from '@sd/testing'
import * as subjects from './fixtures/subjects.ts'
import { firstProgress, testDaemons } from './start-daemon.ts'

const { sandbox, start } = testDaemons()

/** Starts no process that the test does not need: others are about spares. */
const startCold = () => start({ spare: 0 })

describe('a task', () => {
  test('runs in a process of its own, with a result of its type, and can be awaited many times', async () => {
    const { run } = await startCold()
    const task = run(subjects.square, 12)
    expect(task.status).toBe('starting')
    expect(await task).toBe(144)
    expect(await Promise.all([task, task, task.then((n) => n + 1)])).toEqual([144, 144, 145])
    expect(task).toBeInstanceOf(Promise)
    expect(task).toMatchObject({ group: 'tasks', args: [12], status: 'returned', result: 144 })
    expect(task.pid).not.toBe(process.pid)
    const { waiting, starting, running, returned } = task.times
    const times = [waiting, starting, running, returned]
    expect(times).toEqual([...times].sort((a, b) => a! - b!))
  })

  test('gets a fresh process each time, which ends with it', async () => {
    const { run, events } = await startCold()
    const pids = [await run(subjects.sleep, 0), await run(subjects.sleep, 0), await run(subjects.sleep, 0)]
    expect(new Set(pids).size).toBe(3)
    await waitUntil(() => events.filter(({ event }) => event === 'reap').length === 3)
    for (const pid of pids) {
      const ofPid = events.filter((told) => told.pid === pid)
      expect(ofPid).toEqual([
        { event: 'fork', pid, group: 'sleep' },
        { event: 'reap', pid, group: 'sleep' },
      ])
    }
  })

  test('takes and returns whatever structured clone takes', async () => {
    const { run } = await startCold()
    const cycle: Record<string, unknown> = { map: new Map([[1, new Set(['a'])]]), big: 1n, date: new Date(0) }
    cycle.self = cycle
    const [first, second] = [await run(subjects.echo, cycle), await run(subjects.echo, cycle)]
    expect(first).toEqual(cycle)
    expect(second).toEqual(cycle)
    expect(await run(subjects.echo, undefined)).toBeUndefined()
    const bytes = new Uint8Array(300_000).fill(7)
    const back = (await run(subjects.echo, bytes)) as Uint8Array
    expect([back.constructor, Buffer.compare(back, bytes)]).toEqual([Uint8Array, 0])
  })

  test('tells what becomes of it', async () => {
    const { run, daemon } = await startCold()
    const settled: AnyTask[] = []
    daemon.on('task', (task) => settled.push(task))
    const statuses: TaskStatus[] = []
    const task = run(subjects.square, 2)
    const remove = task.on('status', (status) => statuses.push(status))
    task.on('status', () => remove.length)
    await task
    expect(statuses).toEqual(['running', 'returned'])
    expect(settled).toEqual([task])
  })

  test('knows itself, logs, and reads what plugins share', async () => {
    const { run, log, errors, share } = await startCold()
    expect(await run(subjects.me)).toEqual({
      task: { id: 1, group: 'me' },
      aborted: false,
      breakpoint: true,
    })
    expect(await run(subjects.shared, 'notes')).toEqual({ text: 'first' })
    const waiting = run(subjects.shared, 'notes', '{"text":"second"}')
    await waitUntil(() => waiting.status === 'running')
    share({ text: 'second' })
    expect(await waiting).toEqual({ text: 'second' })
    await expect(run(subjects.shared, 'nodes')).rejects.toMatchObject({
      code: 'SD_TASKS_NOT_SHARED',
      message: expect.stringContaining('notes'),
    })
    const speaking = run(subjects.speak)
    await speaking
    await waitUntil(() => log.some(({ message }) => message === 'printed this'))
    const said = log.filter(({ label }) => label === 'speak')
    expect(said.map(({ message }) => message).sort()).toEqual(['complained', 'printed this', 'said this'])
    expect(new Set(said.map(({ pid }) => pid))).toEqual(new Set([speaking.pid]))
    expect(errors).toContain('complained')
  })

  test('logs whatever it is given', async () => {
    const { run, log, errors } = await startCold()
    await run(subjects.babble)
    const parts = [/bad line.*no end/s, /torn.*Symbol\(odd\)/s, /torn.*sent: 3/s]
    for (const part of parts) expect(log.filter(({ message }) => part.test(message))).toHaveLength(2)
    expect(log.filter(({ label }) => label === 'odd label')).toHaveLength(2)
    expect(errors).toHaveLength(3)
  })
})

describe('a task that is an object', () => {
  const diary = (): string[] => readFileSync(join(sandbox().dir, 'diary'), 'utf8').trimEnd().split('\n')

  test('is set up and torn down around its work, and settles when it is done with both', async () => {
    const { run } = await startCold()
    const task = run(subjects.diary, join(sandbox().dir, 'diary'))
    expect(await task).toBe(`diary ${task.id}`)
    expect(diary()).toEqual(['start true', 'teardown'])
  })

  test('is torn down when its work fails, whose error counts', async () => {
    const { run, log } = await startCold()
    const task = run(subjects.diary, join(sandbox().dir, 'diary'), 'both')
    await expect(task).rejects.toThrow('start failed')
    expect(diary()).toEqual(['start true', 'teardown'])
    await waitUntil(() => log.some(({ message }) => message.includes('teardown failed')))
  })

  test('fails when its teardown does, or its setup', async () => {
    const { run } = await startCold()
    await expect(run(subjects.diary, join(sandbox().dir, 'diary'), 'teardown')).rejects.toThrow(
      'teardown failed',
    )
    await expect(run(subjects.badSetup)).rejects.toThrow('no database')
  })
})

describe('the limit', () => {
  test('lets so many run at once; the others wait, in order', async () => {
    const { run, inspect, tasks } = await start({ limit: 2 })
    const started: number[] = []
    const all = [1, 2, 3, 4, 5, 6].map((n) => {
      const task = run(subjects.sleep, 150)
      task.on('status', (status) => status === 'starting' && started.push(n))
      return task
    })
    expect(all.map(({ status }) => status)).toEqual([
      'starting',
      'starting',
      'waiting',
      'waiting',
      'waiting',
      'waiting',
    ])
    expect(inspect()).toMatchObject({ running: 2, waiting: 4 })
    expect(tasks.list()).toEqual(all)
    let most = 0
    const timer = setInterval(() => {
      most = Math.max(most, all.filter(({ status }) => status === 'running').length)
    }, 5)
    await Promise.all(all)
    clearInterval(timer)
    expect(most).toBe(2)
    // The first two had begun to start when `run` returned.
    expect(started).toEqual([3, 4, 5, 6])
    expect(tasks.isIdle()).toBe(true)
  })

  test('with maxQueue refuses what would wait too long', async () => {
    const { run } = await start({ limit: 1, maxQueue: 1 })
    const [running, waiting] = [run(subjects.sleep, 50), run(subjects.sleep, 0)]
    await expect(run(subjects.sleep, 0)).rejects.toMatchObject({
      code: 'SD_TASKS_QUEUE_FULL',
      maxQueue: 1,
      group: 'sleep',
    })
    await Promise.all([running, waiting])
  })

  test('holds for many tasks: all results are right, and nothing stays behind', async () => {
    const total = process.env.SD_SOAK ? 100 : 32
    const { run, inspect, events } = await start({ limit: 8 })
    const results = await Promise.all(Array.from({ length: total }, (_, n) => run(subjects.square, n)))
    expect(results).toEqual(Array.from({ length: total }, (_, n) => n * n))
    expect(inspect()).toMatchObject({ running: 0, waiting: 0, done: total, failed: 0 })
    await waitUntil(() => events.length === 2 * total)
    expect(new Set(events.map(({ pid }) => pid)).size).toBe(total)
    expect(sandbox().zombies()).toEqual([])
  }, 300_000)
})

describe('progress', () => {
  test('arrives whole, in order, and before the result', async () => {
    const { run } = await startCold()
    const values: unknown[] = []
    const task = run(subjects.count, 20_000)
    task.on('progress', (value) => values.push(value))
    await task
    expect(values).toEqual(Array.from({ length: 20_000 }, (_, n) => n + 1))
  })

  test('waits for a daemon that is slow, and piles up nowhere', async () => {
    const { run } = await startCold()
    const values: number[] = []
    const task = run(subjects.count, 100_000, 1000)
    task.on('progress', (value) => {
      const [n] = value as [number, string]
      values.push(n)
      // Blocks the daemon now and then: 100 MB are to come.
      if (n % 10_000 === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    })
    const peak = await task
    expect(values).toHaveLength(100_000)
    expect(values.every((n, index) => n === index + 1)).toBe(true)
    expect(peak).toBeLessThan(200 * 2 ** 20)
  })

  test('that cannot be cloned is an error in the task', async () => {
    const { run } = await startCold()
    await expect(run(subjects.badProgress)).rejects.toMatchObject({
      code: 'SD_TASKS_UNCLONABLE',
      path: 'progress.steps[0]',
    })
  })

  test('goes on when a handler throws or rejects, and the log has it', async () => {
    const { run, errors } = await startCold()
    const values: unknown[] = []
    const task = run(subjects.count, 3)
    task.on('progress', () => {
      throw new Error('broken handler')
    })
    task.on('progress', async () => {
      throw new Error('rejecting handler')
    })
    task.on('progress', (value) => values.push(value))
    await task
    expect(values).toEqual([1, 2, 3])
    expect(
      errors.filter((message) => /a handler of "progress" failed: broken handler/.test(message)),
    ).toHaveLength(3)
    await waitUntil(() => errors.filter((message) => /rejecting handler/.test(message)).length === 3)
  })

  test('has no events but these', async () => {
    const { run } = await startCold()
    const task = run(subjects.square, 1)
    expect(() => task.on('toString' as never, () => {})).toThrow(
      expect.objectContaining({ code: 'SD_TASKS_OPTIONS' }),
    )
    expect(() => task.on('progress', undefined as never)).toThrow(
      expect.objectContaining({ code: 'SD_TASKS_OPTIONS' }),
    )
    await task
  })
})

describe('statistics', () => {
  test('count by group what has become of the tasks', async () => {
    const { run, tasks, inspect } = await startCold()
    await run(subjects.square, 1)
    await run(subjects.fail, 'no').catch(() => {})
    const listening = run(subjects.listen, 'return')
    await firstProgress(listening)
    expect(inspect()).toMatchObject({
      running: 1,
      tasks: [{ id: listening.id, group: 'listen', pid: listening.pid, status: 'running' }],
    })
    await listening.kill()
    expect(tasks.stats()).toMatchObject({
      tasks: { count: 1, byStatus: { returned: 1 } },
      fail: { count: 1, byStatus: { failed: 1 } },
      listen: { count: 1, byStatus: { cancelled: 1 } },
    })
    expect(inspect()).toMatchObject({ running: 0, done: 1, failed: 1, cancelled: 1 })
  })
})
