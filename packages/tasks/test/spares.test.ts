import { describe, expect, test } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import * as subjects from './fixtures/subjects.ts'
import { testDaemons } from './start-daemon.ts'

const { sandbox, start } = testDaemons()

function titles(): string[] {
  return sandbox()
    .processes()
    .map(({ command }) => command)
    .filter((command) => command.startsWith('sd '))
}

describe('a spare', () => {
  test('is there once a task was run, and not before', async () => {
    const { run, inspect, sparesReady } = await start()
    expect(sandbox().processes()).toEqual([])
    await run(subjects.square, 1)
    const [pid] = await sparesReady()
    expect(inspect()).toMatchObject({ running: 0, tasks: [] })
    const task = run(subjects.sleep, 0)
    expect(task.pid).toBe(pid)
    expect(await task).toBe(pid)
  })

  test('is there from the start when it is asked for, and says what it is', async () => {
    const { run, events, sparesReady } = await start({ spare: 2 })
    const spares = await sparesReady(2)
    expect(titles()).toEqual(['sd test: tasks spare', 'sd test: tasks spare'])
    expect(events).toEqual([])
    const task = run(subjects.surroundings)
    expect((await task).title).toBe(`sd test: surroundings #${task.id}`)
    expect(spares).toContain(task.pid)
    expect(events[0]).toEqual({ event: 'fork', pid: task.pid, group: 'surroundings' })
    await waitUntil(() => events.length === 2)
    expect(events[1]).toEqual({ event: 'reap', pid: task.pid, group: 'surroundings' })
  })

  test('serves one task and is followed by another', async () => {
    const { run, sparesReady } = await start({ spare: 1 })
    const pids = new Set<number>()
    for (let n = 0; n < 4; n++) {
      const [pid] = await sparesReady()
      expect(await run(subjects.sleep, 0)).toBe(pid)
      pids.add(pid!)
    }
    expect(pids.size).toBe(4)
  })

  test('can be switched off', async () => {
    const { run } = await start({ spare: 0 })
    await run(subjects.square, 1)
    await waitUntil(() => sandbox().processes().length === 0)
  })

  test('that dies is replaced, and is no death of a task', async () => {
    const { run, errors, inspect, events, sparesReady } = await start({ spare: 1 })
    const [pid] = await sparesReady()
    process.kill(pid!, 'SIGKILL')
    await waitUntil(() => inspect().spares[0]?.pid !== pid)
    await sparesReady()
    expect(await run(subjects.square, 3)).toBe(9)
    expect(inspect()).toMatchObject({ failed: 0 })
    expect(events.map((told) => told.pid)).not.toContain(pid)
    expect(errors).toEqual([])
  })

  test('that is dead when the task comes leaves the task to another process', async () => {
    const { run, sparesReady } = await start({ spare: 1 })
    const [pid] = await sparesReady()
    process.kill(pid!, 'SIGKILL')
    const task = run(subjects.square, 3)
    expect(task.pid).toBe(pid)
    expect(await task).toBe(9)
    expect(task.pid).not.toBe(pid)
  })

  test('that is stopped when the task comes does not hold it up for long', async () => {
    const { run, sparesReady } = await start({ spare: 1 })
    const [pid] = await sparesReady()
    process.kill(pid!, 'SIGSTOP')
    const task = run(subjects.square, 4)
    expect(await task).toBe(16)
    expect(task.pid).not.toBe(pid)
  })

  test('is gone as soon as the daemon stops, also when it is stopped itself', async () => {
    const { run, sparesReady, stop } = await start({ spare: 2 })
    const spares = await sparesReady(2)
    process.kill(spares[1]!, 'SIGSTOP')
    const task = run(subjects.sleep, 500)
    await waitUntil(() => task.status === 'running')
    const stopped = stop()
    await waitUntil(() =>
      sandbox()
        .processes()
        .every(({ pid }) => pid === task.pid),
    )
    expect(await task).toBe(task.pid)
    expect((await stopped).unfinished).toEqual([])
  })
})
