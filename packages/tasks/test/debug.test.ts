import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type DebugFacet, type DebugProcess, installDebugProbe } from '@sd/core'
import { createProbe, type ProbeOrder, type ReachedPoint, waitUntil } from '@sd/testing'
import { attachment, spinForever, wait, work } from './fixtures/debugged.ts'
import { failureOf, testDaemons } from './start-daemon.ts'

const { sandbox, start } = testDaemons()

afterEach(() => installDebugProbe(undefined))

const PROBE = import.meta.resolve('@sd/testing/probe-module')

async function startDebugged(options: object = {}) {
  const daemon = await start(options)
  const trace = join(sandbox().dir, 'trace')
  const ran = join(sandbox().dir, 'ran')
  for (const file of [trace, ran]) writeFileSync(file, '')
  const facet = daemon.facets().tasks as Required<DebugFacet>
  const read = (file: string): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean)
  const points = (): ReachedPoint[] => read(trace).map((line) => JSON.parse(line) as ReachedPoint)
  return {
    ...daemon,
    facet,
    points,
    names: () => points().map(({ name, label }) => label ?? name),
    ran: () => read(ran),
    file: ran,
    attach: (order: Omit<ProbeOrder, 'trace'> = {}) => facet.attach(PROBE, { trace, ...order } as never),
    probe: (order: Omit<ProbeOrder, 'trace'> = {}) => installDebugProbe(createProbe({ trace, ...order })),
    release: () => writeFileSync(`${trace}.go`, ''),
    async reached(name: string): Promise<ReachedPoint> {
      const find = () => points().find((point) => (point.label ?? point.name) === name)
      await waitUntil(() => find() !== undefined, `at the point ${name}`)
      return find()!
    },
  }
}

describe('points', () => {
  test('a task passes its points in order, in the daemon and in its process', async () => {
    const { run, attach, probe, points, names, file } = await startDebugged({ spare: 0 })
    attach()
    probe()
    const task = run(work, file, 21)
    expect(await task).toBe(42)
    expect(names()).toEqual(['callSent', 'beforeFork', 'running', 'middle', 'return', 'return'])
    expect(points().map(({ pid }) => pid === task.pid)).toEqual([false, false, true, true, true, false])
    for (const point of points()) {
      expect(point).toMatchObject({ call: { id: task.id, pool: 'work', method: 'work' }, args: [file, 21] })
    }
    expect(points().at(-1)).toMatchObject({ value: 42 })
  })

  test('without a debugger breakpoints let through', async () => {
    const { run, file } = await startDebugged({ spare: 0 })
    expect(await run(work, file, 1)).toBe(2)
  })

  test.each(['callSent', 'beforeFork', 'running', 'middle', 'return'])(
    'a task that is aborted at %s settles once, as cancelled, says where, and holds up no other',
    async (place) => {
      const { run, attach, probe, file, ran, facet } = await startDebugged({ spare: 0, limit: 1 })
      const order = { abort: [place] }
      if (place === 'callSent' || place === 'beforeFork') probe(order)
      else attach(order)
      const where = place === 'middle' ? 'breakpoint "middle"' : place
      const task = run(work, file, 1)
      const behind = run(wait, 1)
      behind.catch(() => {})
      expect(await failureOf(task)).toMatchObject({
        code: 'SD_TASKS_CANCELLED',
        message: `Task work #${task.id} was cancelled in the debugger, at the point ${where}.`,
        point: where,
        taskId: task.id,
      })
      expect(task.status).toBe('cancelled')
      const expected = { callSent: 0, beforeFork: 0, running: 0, middle: 1, return: 1 }[place]
      expect(ran().filter((line) => line === 'ran 1')).toHaveLength(expected!)
      if (place === 'middle') expect(ran()).toContain('aborted true')
      await failureOf(behind).catch(() => {})
      expect(facet.calls().filter(({ settled }) => !settled)).toEqual([])
    },
  )

  test('the daemon drops a result that is aborted at its return', async () => {
    const { run, probe, file, ran } = await startDebugged({ spare: 0 })
    probe({ abort: ['return'] })
    expect(await failureOf(run(work, file, 1))).toMatchObject({ code: 'SD_TASKS_CANCELLED', point: 'return' })
    expect(ran()).toEqual(['ran 1'])
  })

  test('a timeout is a point: aborted there, the task is cancelled and its process dead', async () => {
    const { run, probe, names } = await startDebugged({ spare: 0 })
    probe()
    expect(await failureOf(run(wait.with({ timeout: 200 }), 60_000))).toMatchObject({
      code: 'SD_TASKS_TIMEOUT',
    })
    expect(names()).toContain('timeout')
    probe({ abort: ['timeout'] })
    const task = run(wait.with({ timeout: 200 }), 60_000)
    expect(await failureOf(task)).toMatchObject({ code: 'SD_TASKS_CANCELLED', point: 'timeout' })
    expect(() => process.kill(task.pid!, 0)).toThrow(/ESRCH/)
  })
})

describe('attaching', () => {
  test('reaches fresh processes, and spares, before the file of the task is imported', async () => {
    const { run, attach, facet, sparesReady } = await startDebugged({ spare: 1 })
    const [spare] = await sparesReady()
    expect(processesOf(facet)).toMatchObject([{ pid: spare, role: 'spare' }])
    attach()
    // The spare was there before.
    const first = run(attachment)
    expect(await first).toBe('before')
    expect(first.pid).toBe(spare)
    await sparesReady()
    expect(await run(attachment)).toBe('before')
    const [one, other] = [run(attachment), run(attachment)]
    expect(await Promise.all([one, other])).toEqual(['before', 'before'])
  })

  test('and detaching again leaves later processes alone', async () => {
    const { run, attach, names, file } = await startDebugged({ spare: 0 })
    const detach = attach()
    expect(await run(work, file, 1)).toBe(2)
    const before = names().length
    detach()
    expect(await run(attachment)).toBe('none')
    expect(await run(work, file, 1)).toBe(2)
    expect(names()).toHaveLength(before)
  })
})

describe('while a process is paused', () => {
  test('its task does not time out, and has the time that was left afterwards', async () => {
    const { run, attach, facet, reached, release, file } = await startDebugged({ spare: 0 })
    attach({ hold: ['middle'] })
    const task = run(work.with({ timeout: 1500 }), file, 4)
    const { pid } = await reached('middle')
    facet.freeze(pid)
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(task.status).toBe('running')
    facet.thaw(pid)
    release()
    expect(await task).toBe(8)
  }, 20_000)

  test('and is not told to anybody, the task times out as ever', async () => {
    const { run, attach, file } = await startDebugged({ spare: 0 })
    attach({ hold: ['middle'] })
    const failure = await failureOf(run(work.with({ timeout: 500 }), file, 4))
    expect(failure).toMatchObject({ code: 'SD_TASKS_TIMEOUT' })
  })

  test('a task of it that is given up ends in its time, and the process with it', async () => {
    const { run, attach, facet, reached, file } = await startDebugged({ spare: 0 })
    attach({ hold: ['middle'] })
    const task = run(work, file, 4)
    task.catch(() => {})
    const { pid } = await reached('middle')
    facet.freeze(pid)
    expect(facet.abort('wait', task.id)).toBe(false)
    expect(facet.abort('work', task.id)).toBe(true)
    expect(await failureOf(task)).toMatchObject({ code: 'SD_TASKS_CANCELLED' })
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
  })
})

test('a task that is stuck and times out shows where, in its error and in the log', async () => {
  const { run, log } = await startDebugged({ spare: 0 })
  const failure = await failureOf(run(spinForever.with({ timeout: 500 })))
  expect(failure).toMatchObject({ code: 'SD_TASKS_TIMEOUT', group: 'spinning' })
  const file = readFileSync(new URL('./fixtures/debugged.ts', import.meta.url), 'utf8').split('\n')
  const line = file.findIndex((text) => text.includes('for (;;);')) + 1
  const stuck = new RegExp(
    `^ {4}at goRound \\(file:.*/fixtures/debugged\\.ts:${line}:\\d+\\)\\n {4}at start `,
  )
  expect(failure.taskStack).toMatch(stuck)
  expect(failure.message).toContain(failure.taskStack as string)
  expect(log.some(({ message }) => message.includes(failure.taskStack as string))).toBe(true)
})

test('a debugger sees types, processes and tasks, and runs some itself', async () => {
  const { run, facet, probe } = await startDebugged({ spare: 0 })
  expect(facet.types()).toEqual(
    expect.arrayContaining([
      { pool: 'work', methods: ['work'] },
      { pool: 'wait', methods: ['wait'] },
    ]),
  )
  probe()
  const task = run(wait, 300)
  await waitUntil(() => task.status === 'running')
  expect(processesOf(facet)).toEqual([
    { pid: task.pid, role: 'task', group: 'wait', index: 1, state: expect.any(String) },
  ])
  expect(facet.calls()).toMatchObject([{ id: task.id, status: 'running', settled: false }])
  expect(await facet.run('wait', 'wait', [1])).toBeGreaterThan(0)
  await task
  expect(facet.call('wait', task.id)).toMatchObject({ status: 'returned', result: task.pid, args: [300] })
  expect(facet.call('work', task.id)).toBeUndefined()
  await expect(facet.run('wait2', 'wait2', [])).rejects.toMatchObject({
    code: 'SD_TASKS_UNKNOWN',
    message: expect.stringContaining('There is no task "wait2". Did you mean "wait"?'),
  })
})

/** What it has started. A process as large as jest's may have one that spawns for it. */
function processesOf(facet: Pick<Required<DebugFacet>, 'processes'>): DebugProcess[] {
  return facet.processes().filter(({ role }) => role !== 'spawner')
}
