import { describe, expect, test } from '@jest/globals'
import { defineTask } from '@sd/tasks'
import { waitUntil } from '@sd/testing'
import { brokenImport, hangingImport, leavingImport, onlyHere } from './fixtures/bad-tasks.ts'
import * as subjects from './fixtures/subjects.ts'
import { failureOf, firstProgress, testDaemons } from './start-daemon.ts'

const { sandbox, start } = testDaemons()

/** With a spare and without, a task is the same. */
describe.each([0, 1])('with %i spares, a task', (spare) => {
  async function startWarm(options: object = {}) {
    const daemon = await start({ spare, ...options })
    await daemon.sparesReady(spare)
    return daemon
  }

  test('that throws rejects with its error, whole, and the stacks of both sides', async () => {
    const { run } = await startWarm()
    const error = await failureOf(run(subjects.fail, 'bad luck'))
    expect(error).toMatchObject({
      name: 'UnluckyError',
      message: 'bad luck',
      code: 'E_UNLUCKY',
      day: 13,
      taskId: 1,
      cause: expect.objectContaining({ name: 'RangeError', message: 'the cause' }),
    })
    expect(error.stack).toMatch(/subjects\.ts.*-- called from the daemon --.*endings\.test\.ts/s)
  })

  test('that ends its process died, with its exit code and last words', async () => {
    const { run, daemon } = await startWarm()
    await expect(run(subjects.exit, 3)).rejects.toMatchObject({
      code: 'SD_TASKS_DIED',
      exitCode: 3,
      signal: null,
      lastOutput: 'last words\n',
      group: 'exit',
      taskId: 1,
    })
    await expect(run(subjects.exit, 0)).rejects.toMatchObject({ code: 'SD_TASKS_DIED', exitCode: 0 })
    expect(daemon.state).toBe('running')
  })

  test('whose error nobody catches died, with the error in its last words', async () => {
    const { run } = await startWarm()
    await expect(run(subjects.crash)).rejects.toMatchObject({
      code: 'SD_TASKS_DIED',
      exitCode: 1,
      lastOutput: expect.stringContaining('nobody caught it'),
    })
  })

  test('that is killed from outside died by that signal', async () => {
    const { run } = await startWarm()
    const task = run(subjects.listen, 'return')
    await firstProgress(task)
    process.kill(task.pid!, 'SIGKILL')
    await expect(task).rejects.toMatchObject({ code: 'SD_TASKS_DIED', signal: 'SIGKILL', exitCode: null })
  })

  test('that loops for ever is ended by its timeout, and shows where it was', async () => {
    const { run } = await startWarm()
    const task = run(subjects.spin.with({ timeout: 300 }))
    const error = await failureOf(task)
    expect(error).toMatchObject({ code: 'SD_TASKS_TIMEOUT', timeout: 300, pid: task.pid })
    expect(error.taskStack).toMatch(/at spin .*subjects\.ts/)
    expect(task.status).toBe('timeout')
    expect(
      sandbox()
        .processes()
        .map(({ pid }) => pid),
    ).not.toContain(task.pid)
  })

  test('that returns what cannot be cloned fails, and says where it is', async () => {
    const { run } = await startWarm()
    await expect(run(subjects.unclonable)).rejects.toMatchObject({
      code: 'SD_TASKS_UNCLONABLE',
      path: 'result.list[1].callback',
    })
  })

  test('with arguments that cannot be cloned fails, and costs no process', async () => {
    const { run, events } = await startWarm()
    await expect(run(subjects.echo, { deep: [() => 1] })).rejects.toMatchObject({
      code: 'SD_TASKS_UNCLONABLE',
      path: 'args[0].deep[0]',
    })
    expect(events).toEqual([])
    expect(await run(subjects.echo, 1)).toBe(1)
  })

  test('whose module is missing, or does not define it, cannot be started', async () => {
    const { run, daemon } = await startWarm()
    const missing = defineTask('/nowhere/to/be/found.ts', () => 1)
    const cases: [Promise<unknown>, RegExp][] = [
      [run(missing), /could not be started: Cannot find module '\/nowhere\/to\/be\/found\.ts'/],
      [run(brokenImport), /could not be started: broken on import/],
      [run(onlyHere!), /does not define it before run\(\) is called/],
    ]
    for (const [task, message] of cases) {
      const error = await failureOf(task)
      expect(error).toMatchObject({ code: 'SD_TASKS_START_FAILED' })
      expect(error.message).toMatch(message)
      expect(error.cause).toBeInstanceOf(Error)
    }
    expect(daemon.state).toBe('running')
  })

  test('whose module ends the process died; one that never is imported is ended', async () => {
    const { run } = await startWarm({ readyTimeout: 1500 })
    const leaving = run(leavingImport)
    await expect(leaving).rejects.toMatchObject({ code: 'SD_TASKS_DIED', exitCode: 7 })
    const hanging = run(hangingImport)
    await expect(hanging).rejects.toMatchObject({
      code: 'SD_TASKS_START_FAILED',
      message: expect.stringContaining('not imported within 1500 ms'),
    })
  })

  test('that talks nonsense is ended', async () => {
    const { run } = await startWarm()
    await expect(run(subjects.garble)).rejects.toMatchObject({
      code: 'SD_TASKS_DIED',
      cause: expect.objectContaining({ code: 'SD_PROCESS_PROTOCOL' }),
    })
  })

  test('sees the arguments, the environment, the flags and the directory of the daemon', async () => {
    const options = { env: { MORE: 'yes' }, execArgv: ['--max-old-space-size=123'] }
    const { run } = await startWarm(options)
    process.env.SD_ADDED_LATER = 'later'
    try {
      const task = run(subjects.surroundings)
      const seen = await task
      expect(seen.argv).toEqual(process.argv.slice(1))
      expect(seen.cwd).toBe(process.cwd())
      expect(seen.execArgv).toContain('--max-old-space-size=123')
      expect(seen.title).toBe(`sd test: surroundings #${task.id}`)
      expect(seen.env).toMatchObject({ MORE: 'yes', SD_ADDED_LATER: 'later', PATH: process.env.PATH })
    } finally {
      delete process.env.SD_ADDED_LATER
    }
  })
})

describe('a task can be given up', () => {
  test('while it waits: it leaves the queue at once', async () => {
    const { run, tasks } = await start({ limit: 1 })
    const abort = new AbortController()
    const running = run(subjects.sleep, 300)
    const [aborted, killed] = [run(subjects.sleep.with({ signal: abort.signal }), 0), run(subjects.sleep, 0)]
    const ends = Promise.allSettled([aborted, killed])
    abort.abort(new Error('not needed any more'))
    await killed.kill()
    expect(tasks.list()).toEqual([running])
    const [first, second] = (await ends) as PromiseRejectedResult[]
    expect(first!.reason).toMatchObject({
      code: 'SD_TASKS_CANCELLED',
      cause: expect.objectContaining({ message: 'not needed any more' }),
    })
    expect(second!.reason).toMatchObject({ code: 'SD_TASKS_CANCELLED' })
    expect(aborted.pid).toBeUndefined()
    await running
  })

  test('before it is run', async () => {
    const { run, events } = await start()
    await expect(run(subjects.sleep.with({ signal: AbortSignal.abort() }), 0)).rejects.toMatchObject({
      code: 'SD_TASKS_CANCELLED',
    })
    expect(events).toEqual([])
  })

  test.each(['return', 'throw'] as const)('while it runs: it hears of it, and may %s', async (how) => {
    const { run, events } = await start()
    const abort = new AbortController()
    const task = run(subjects.listen.with({ signal: abort.signal }), how)
    await firstProgress(task)
    abort.abort()
    await expect(task).rejects.toMatchObject({ code: 'SD_TASKS_CANCELLED', pid: task.pid })
    expect(task.status).toBe('cancelled')
    expect(events.at(-1)).toMatchObject({ event: 'reap', pid: task.pid })
  })

  test('while it runs and does not care: it is killed, and settles when it is dead', async () => {
    const { run, events } = await start({ killAfter: 200 })
    const abort = new AbortController()
    const task = run(subjects.stubborn.with({ signal: abort.signal }))
    await firstProgress(task)
    abort.abort()
    await expect(task).rejects.toMatchObject({ code: 'SD_TASKS_CANCELLED' })
    expect(events.at(-1)).toMatchObject({ event: 'reap', pid: task.pid })
  })

  test('by kill(), also when it is stopped or in an endless loop, and with all that it started', async () => {
    const { run } = await start()
    const [spinning, family] = [run(subjects.spin), run(subjects.withGrandchild)]
    const ends = Promise.allSettled([spinning, family])
    const grandchild = (await firstProgress(family)) as number
    await waitUntil(() => spinning.status === 'running')
    process.kill(family.pid!, 'SIGSTOP')
    await Promise.all([spinning.kill(), family.kill()])
    for (const { reason } of (await ends) as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'SD_TASKS_CANCELLED' })
    }
    await waitUntil(
      () =>
        !sandbox()
          .processes()
          .some(({ pid }) => pid === grandchild),
    )
  })

  test('after it has settled without any effect', async () => {
    const { run } = await start()
    const abort = new AbortController()
    const task = run(subjects.square.with({ signal: abort.signal }), 3)
    expect(await task).toBe(9)
    abort.abort()
    await task.kill()
    expect(task.status).toBe('returned')
  })
})

describe('the timeout', () => {
  test('of a run counts before that of the definition, and that before the plugin’s', async () => {
    const { run } = await start({ timeout: 150 })
    const definition = subjects.sleep.with({ timeout: 20_000 })
    expect(await run(definition, 300)).toBeGreaterThan(0)
    await expect(run(subjects.sleep, 20_000)).rejects.toMatchObject({ timeout: 150 })
    await expect(run(definition.with({ timeout: 100 }), 20_000)).rejects.toMatchObject({ timeout: 100 })
    expect(await run(definition.with({ timeout: 0 }), 200)).toBeGreaterThan(0)
  })
})

describe('a failure that nobody waits for', () => {
  test('goes to the log, and one that somebody waits for does not', async () => {
    const { run, errors } = await start()
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const unheard = run(subjects.fail, 'unheard')
    await run(subjects.fail, 'heard').catch(() => {})
    await waitUntil(() => unheard.status === 'failed' && errors.length > 0)
    process.off('unhandledRejection', note)
    expect(errors).toEqual(['Task fail #1 failed, and nobody waits for it: unheard'])
    expect(unhandled).toEqual([])
    expect(unheard.error).toMatchObject({ message: 'unheard' })
  })
})

describe('many tasks that fail at once', () => {
  test('do not make the daemon give up', async () => {
    const { run, daemon } = await start({ limit: 8 })
    const ends = await Promise.allSettled(Array.from({ length: 24 }, () => run(subjects.exit, 1)))
    expect(ends.every(({ status }) => status === 'rejected')).toBe(true)
    expect(daemon.state).toBe('running')
    expect(await run(subjects.square, 2)).toBe(4)
  })
})

test('tasks without anybody who awaits them and that a stop gives up are told of before the daemon has stopped, and no errors', async () => {
  const { run, log, errors, stop } = await start({ limit: 1, killAfter: 500 })
  for (let number = 0; number < 2; number++) run(subjects.sleep, 100)
  await stop()
  const at = (pattern: RegExp): number => log.findIndex(({ message }) => pattern.test(message))
  expect(at(/stopping/)).toBeGreaterThan(-1)
  expect(at(/stopping/)).toBeLessThan(at(/^Stopped after/))
  expect(errors).toEqual([])
})
