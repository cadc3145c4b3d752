import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDaemon } from '@sd/core'
import { createSandbox, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { defineWorker, type PoolOptions, workers } from '@sd/workers'
import { broken } from './fixtures/bad-import.ts'
import {
  exitsInSetup,
  lacksEnvironment,
  missesArray,
  neverReady,
  onlyHere,
  onlyOne,
  throwsInSetup,
} from './fixtures/bad-workers.ts'
import { fromSource, startDaemon } from './start-daemon.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

/** Starts a daemon that must fail to start. */
async function failure(options: PoolOptions<never> | object): Promise<Error & Record<string, unknown>> {
  const pools = fromSource(sandbox, { bad: { strategy: 'aggressive', ...options } as PoolOptions<never> })
  const logger = { debug() {}, info() {}, error() {}, fatal() {} }
  const daemon = createDaemon({ name: 'test', signals: false, logger }).use(workers(pools))
  const error = await daemon.run().then(
    () => new Error('it started'),
    (thrown) => thrown,
  )
  expect(daemon.state).toBe('stopped')
  return error
}

test('a call that needs a process names a file that is gone at once, and works when it is there again', async () => {
  const file = join(sandbox.dir, 'leaving.mjs')
  const api = JSON.stringify(new URL('../src/index.ts', import.meta.url).href)
  writeFileSync(
    file,
    `import { defineWorker } from ${api}; defineWorker(import.meta.url, { exit() { process.exit() }, pid: () => process.pid })`,
  )
  const worker = defineWorker(file, { exit: (): void => {}, pid: () => 0 })
  const { workers, stop, daemon } = await startDaemon(sandbox, { leaving: { worker } })
  expect(await workers.leaving.pid()).toBeGreaterThan(0)
  copyFileSync(file, `${file}.old`)
  rmSync(file)
  // The process that lives has its code.
  expect(await workers.leaving.pid()).toBeGreaterThan(0)
  await expect(workers.leaving.exit()).rejects.toMatchObject({ code: 'SD_WORKERS_DIED' })
  // More often than a pool's processes may die young.
  for (let n = 0; n < 15; n++) {
    const call = workers.leaving.pid()
    await expect(call).rejects.toMatchObject({
      code: 'SD_WORKERS_START_FAILED',
      message: expect.stringContaining(file),
    })
  }
  expect(daemon.state).toBe('running')
  copyFileSync(`${file}.old`, file)
  expect(await workers.leaving.pid()).toBeGreaterThan(0)
  await stop()
})

describe('a pool that starts its processes with the daemon fails the start, and leaves nothing running', () => {
  test('when the file is missing', async () => {
    const worker = defineWorker('/nowhere/to/be/found.ts', () => 1)
    const error = await failure({ worker })
    expect(error).toMatchObject({ code: 'SD_CORE_ENVIRONMENT' })
    expect(error.message).toMatch(
      /workers: the file of the worker "bad" is missing.*\/nowhere\/to\/be\/found\.ts/,
    )
  })

  test('when the file throws on import', async () => {
    const error = await failure({ worker: broken, size: 2 })
    expect(error).toMatchObject({ code: 'SD_WORKERS_START_FAILED', pool: 'bad' })
    expect(error.message).toMatch(/worker "bad" could not be started: broken on import/)
  })

  test('when setup throws', async () => {
    const error = await failure({ worker: throwsInSetup })
    expect(error).toMatchObject({ code: 'SD_WORKERS_START_FAILED' })
    expect(error.message).toMatch(/no database/)
  })

  test('when setup never becomes ready', async () => {
    const error = await failure({ worker: neverReady, readyTimeout: 700 })
    expect(error).toMatchObject({ code: 'SD_WORKERS_START_FAILED' })
    expect((error.cause as Error & { code: string }).code).toBe('SD_PROCESS_NOT_READY')
    expect(error.message).toMatch(/700 ms/)
  })

  test("when the worker's environment is incomplete", async () => {
    const error = await failure({ worker: lacksEnvironment })
    expect(error.message).toMatch(/environment is incomplete:\n- install ffmpeg\n- set FONT_PATH/)
  })

  test('when its check of the environment returns no array', async () => {
    const error = await failure({ worker: missesArray })
    expect(error.message).toMatch(/array of strings, not "install ffmpeg"/)
  })

  test('when the process ends in setup', async () => {
    const error = await failure({ worker: exitsInSetup })
    expect(error).toMatchObject({ code: 'SD_WORKERS_START_FAILED' })
    expect(error.message).toMatch(/about to leave/)
  })

  test('when the child does not find the definition', async () => {
    const error = await failure({ worker: onlyHere! })
    expect(error.message).toMatch(/does not define it before run\(\) is called/)
  })
})

test.each(['listen', 'mkdir'])('a file that can run only once says what to move: %s', async (kind) => {
  const daemon = runFixture(new URL('./fixtures/side-effects.ts', import.meta.url), {
    args: [kind, join(sandbox.dir, 'once')],
    env: sandbox.env,
  })
  expect(await daemon.exit).toMatchObject({ code: 1 })
  const said = daemon.lines.find((line) => /could not be started: .*(EEXIST|died)/.test(line))
  expect(said).toMatch(/below run\(\)/)
})

test('a process that never starts beside a sound one is tried less and less often, and told of once', async () => {
  process.env.MARK = join(sandbox.dir, 'mark')
  const { workers, daemon, errors } = await startDaemon(sandbox, {
    bad: { worker: onlyOne, size: 2, strategy: 'aggressive' },
  })
  const forkedAt: number[] = []
  daemon.on('fork', () => void forkedAt.push(performance.now()))
  await waitUntil(async () => {
    await workers.bad.work()
    return forkedAt.length >= 6
  })
  await waitUntil(() => errors.length > 0)
  expect(errors).toEqual([expect.stringMatching(/could not be started: EEXIST/)])
  // The pauses are 100, 200, 400 ms and so on, cut by up to half.
  expect(forkedAt[5]! - forkedAt[0]!).toBeGreaterThan(350)
  expect(daemon.state).toBe('running')
  delete process.env.MARK
  await daemon.stop()
})

describe('a lazy pool', () => {
  test('rejects the calls that wait when no process ever was ready, and stops cleanly', async () => {
    const daemon = await startDaemon(sandbox, { bad: { worker: throwsInSetup, strategy: 'lazy' } })
    const calls = [daemon.workers.bad.work(), daemon.workers.bad.work()]
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_START_FAILED', message: /no database/ })
    }
    await daemon.stop()
  })
})

describe('options', () => {
  const worker = defineWorker(import.meta.url, { work() {} })
  test.each<[string, object, RegExp]>([
    ['an unknown one', { sise: 2 }, /workers\.bad: unknown option "sise"\. Did you mean "size"\?/],
    ['a size of 0', { size: 0 }, /option "size" must be a whole number from 1 to 1024, not 0/],
    [
      'a negative timeout',
      { timeout: -1 },
      /option "timeout" must be a number of milliseconds, at least 0, not -1/,
    ],
    [
      'a strategy that does not exist',
      { strategy: 'eager' },
      /one of "lazy", "mixed", "aggressive", not "eager"/,
    ],
    [
      'an unknown recycle limit',
      { recycle: { call: 1 } },
      /workers\.bad\.recycle: unknown option "call"\. Did you mean "calls"/,
    ],
    ['a handler that is none', { onReturn: 'x' }, /option "onReturn" must be a function, not "x"/],
    ['an environment of numbers', { env: { A: 1 } }, /option "env" must be an object of strings/],
  ])('refuse %s', (_, options, message) => {
    expect(() => workers({ bad: { worker, ...options } })).toThrow(
      expect.objectContaining({ code: 'SD_WORKERS_OPTIONS', message: expect.stringMatching(message) }),
    )
  })

  test('refuse what is no worker', () => {
    const refused = expect.objectContaining({ code: 'SD_WORKERS_OPTIONS' })
    expect(() => workers({ bad: { size: 2 } as never })).toThrow(refused)
    expect(() => workers(worker as never)).toThrow(refused)
    expect(() => workers({ bad: (() => 1) as never })).toThrow(refused)
    expect(() => workers({ pool: worker })).toThrow(refused)
    expect(() => workers(null as never)).toThrow(refused)
  })

  test('refuse an engine that cannot keep a timeout', () => {
    const engine = () => ({ name: 'far', traits: { durable: true, remote: true, cancel: false } }) as never
    const daemon = createDaemon({ name: 'test', signals: false })
    expect(() => daemon.use(workers({ bad: { worker, engine } }))).toThrow(
      /engine "far" cannot end a running call/,
    )
  })
})

describe('defineWorker', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['a module that is no file', () => defineWorker('here', () => 1), /must be import\.meta\.url/],
    [
      'no worker',
      () => defineWorker(import.meta.url, 5 as never),
      /a function, an object of methods, or a class, not 5/,
    ],
    [
      'an object without methods',
      () => defineWorker(import.meta.url, { setup() {} }),
      /no method that could be called/,
    ],
    [
      'a method named then',
      () => defineWorker(import.meta.url, { ['then' as string]() {} }),
      /cannot be named "then"/,
    ],
  ])('refuses %s', (_, define, message) => {
    expect(define).toThrow(
      expect.objectContaining({ code: 'SD_WORKERS_DEFINITION', message: expect.stringMatching(message) }),
    )
  })

  test('takes __filename, for CommonJS', () => {
    expect(defineWorker('/some/file.cjs', () => 1).url).toBe('file:///some/file.cjs')
  })

  test('lists the methods of a class and of its parents, not the accessors', () => {
    class Parent {
      inherited() {}
    }
    class Child extends Parent {
      own() {}
      get computed(): never {
        throw new Error('must not run')
      }
      setup() {}
    }
    expect(defineWorker(import.meta.url, Child).methods).toEqual(['own', 'inherited'])
  })
})
