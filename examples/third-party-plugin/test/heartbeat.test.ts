import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDaemon, definePlugin, type Json, type Logger, type StopReport } from '@sd/core'
import { type Heartbeat, type HeartbeatOptions, heartbeat, readHeartbeat } from '../src/index.ts'
import { type Program, runProgram } from './run-program.ts'

/** Milliseconds. */
const PATIENCE = 20_000

let directory: string
let file: string
const programs: Program[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'heartbeat-test-'))
  file = join(directory, 'heartbeat.json')
})

afterEach(async () => {
  for (const { process } of programs) process.kill('SIGKILL')
  await Promise.all(programs.splice(0).map(({ ended }) => ended))
  const left = readdirSync(directory)
  rmSync(directory, { recursive: true })
  expect(left).toEqual([])
})

describe('options', () => {
  test.each<[unknown, RegExp]>([
    [undefined, /options must be an object/],
    [{}, /option "file" must be the path or file: URL of the heartbeat file, not undefined/],
    [{ file: '' }, /"file" must be/],
    [{ file: new URL('https://example.com/x') }, /"file" must be/],
    [{ file: 'x', evry: 5 }, /unknown option "evry"\. Did you mean "every"\?/],
    [
      { file: 'x', every: 99 },
      /"every" must be a number of milliseconds, at least 100, or "iteration", not 99/,
    ],
    [{ file: 'x', every: 'second' }, /"every" must be .*, not "second"/],
  ])('%j are refused in words that help', (options, message) => {
    const expected = {
      name: 'SdError',
      code: 'SD_HEARTBEAT_OPTIONS',
      message: expect.stringMatching(message),
    }
    expect(() => heartbeat(options as HeartbeatOptions)).toThrow(expect.objectContaining(expected))
  })

  test('take a URL, and make a path absolute', () => {
    const service = (options: HeartbeatOptions) =>
      createDaemon({ name: 'test' }).use(heartbeat(options)).heartbeat
    expect(service({ file: pathToFileURL(file) }).file).toBe(file)
    expect(service({ file: 'beat.json' }).file).toBe(join(process.cwd(), 'beat.json'))
  })
})

describe('in a daemon', () => {
  test('writes who lives since when, and removes the file at the end', async () => {
    const daemon = create({ file, every: 'iteration' })
    const beats: Heartbeat[] = []
    daemon.on('heartbeat', (beat) => beats.push(beat))
    const running = daemon.run()
    await until(() => beats.length > 1)
    expect(await readHeartbeat(file)).toEqual(daemon.heartbeat.last)
    expect(beats[0]).toEqual({
      name: 'test',
      pid: process.pid,
      id: expect.stringMatching(/^[\w-]{36}$/),
      state: 'running',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      iterations: 0,
    })
    expect(beats[1]).toMatchObject({ id: beats[0]!.id, iterations: 1 })
    await daemon.stop()
    expect(await running).toMatchObject({ unfinished: [], exitCode: 0 })
    expect(beats.at(-1)).toMatchObject({ state: 'stopping', iterations: daemon.inspect().loop.iterations })
    expect(await readHeartbeat(file)).toBeUndefined()
  })

  test('writes by the clock while the loop waits', async () => {
    const daemon = create({ file, every: 100 }, 3_600_000)
    const beats: Heartbeat[] = []
    daemon.on('heartbeat', (beat) => beats.push(beat))
    const running = daemon.run()
    await until(() => beats.length > 3)
    await stop(daemon, running)
    expect(daemon.inspect().loop.iterations).toBe(1)
  })

  test('writes when it is told to, and no more often than the disk can', async () => {
    const daemon = create({ file, every: 3_600_000 }, 3_600_000)
    await daemon.heartbeat.beat()
    expect(await readHeartbeat(file)).toBeUndefined()

    const running = daemon.run()
    await until(() => daemon.heartbeat.last !== undefined)
    let written = 0
    daemon.on('heartbeat', () => written++)
    await until(() => daemon.state === 'running')
    await Promise.all(Array.from({ length: 100 }, () => daemon.heartbeat.beat()))
    expect(written).toBeGreaterThan(0)
    expect(written).toBeLessThan(5)
    await stop(daemon, running)

    await daemon.heartbeat.beat()
    expect(await readHeartbeat(file)).toBeUndefined()
  })

  test('leaves the file to a successor', async () => {
    const [old, successor] = [create({ file, every: 3_600_000 }), create({ file, every: 3_600_000 })]
    const first = old.run()
    await until(() => old.heartbeat.last !== undefined)
    const second = successor.run()
    await until(() => successor.heartbeat.last !== undefined)
    // `drain` writes one more; what the successor writes then is its own again.
    await old.stop()
    await first
    await successor.heartbeat.beat()
    expect(await readHeartbeat(file)).toEqual(successor.heartbeat.last)
    await stop(successor, second)
  })

  test('removes what a daemon has left that was killed while it wrote, but nothing of a living one', async () => {
    const dead = run({})
    dead.process.kill('SIGKILL')
    await dead.ended
    for (const { pid, isLeft } of [
      { pid: dead.process.pid, isLeft: false },
      { pid: process.ppid, isLeft: true },
    ]) {
      writeFileSync(file, JSON.stringify({ pid, id: 'another' }))
      writeFileSync(`${file}.${pid}`, '{"half')
      const daemon = create({ file })
      const running = daemon.run()
      await until(() => daemon.heartbeat.last !== undefined)
      await stop(daemon, running)
      expect(readdirSync(directory)).toEqual(isLeft ? [`heartbeat.json.${pid}`] : [])
      rmSync(`${file}.${pid}`, { force: true })
    }
  })

  test('says once that the disk fails, and when it is over', async () => {
    const lines: string[] = []
    const folder = join(directory, 'run')
    await mkdir(folder)
    const daemon = create({ file: join(folder, 'heartbeat.json'), every: 3_600_000 })
    daemon.on('log', ({ label, message }) => lines.push(`${label}: ${message}`))
    const errors: unknown[] = []
    daemon.on('error', ({ error }) => errors.push(error))
    const running = daemon.run()
    await until(() => daemon.state === 'running')
    await rm(folder, { recursive: true })
    await daemon.heartbeat.beat()
    await daemon.heartbeat.beat()
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'SD_HEARTBEAT_WRITE',
        file: daemon.heartbeat.file,
        message: expect.stringMatching(/^The heartbeat cannot be written to .*ENOENT.* watchers will think/),
      }),
    ])
    expect(daemon.inspect().plugins.heartbeat).toMatchObject({ failures: 2 })
    await mkdir(folder)
    await daemon.heartbeat.beat()
    expect(lines).toContain('heartbeat: The heartbeat is written again, after 2 failures')
    await stop(daemon, running)
    await rm(folder, { recursive: true })
  })

  test('does not start where the file cannot be, and says what to do', async () => {
    const nowhere = create({ file: join(directory, 'missing', 'heartbeat.json') })
    await expect(nowhere.run()).rejects.toMatchObject({
      code: 'SD_CORE_ENVIRONMENT',
      missing: [
        `heartbeat: create the directory ${join(directory, 'missing')}, and let this user write there`,
      ],
    })
    await expect(create({ file: directory }).run()).rejects.toMatchObject({
      missing: [`heartbeat: ${directory} is a directory: name a file for the heartbeat`],
    })
  })

  test('does not hide what it cannot read when it tidies up', async () => {
    const daemon = create({ file, every: 3_600_000 })
    // Torn down last: what is set up first.
    const running = daemon.teardown(() => writeFileSync(file, 'nonsense')).run()
    await until(() => daemon.state === 'running')
    await daemon.stop()
    expect((await running).unfinished).toEqual([
      { who: 'heartbeat.teardown', what: expect.stringMatching(/^failed: .*JSON/) },
    ])
    expect(await readFile(file, 'utf8')).toBe('nonsense')
    await rm(file)
  })

  test('tells the worker processes and the statistics about itself', async () => {
    let shares: () => Readonly<Record<string, Json>> = () => ({})
    const spy = definePlugin('spy', (host) => {
      shares = host.shares
      return { service: {} }
    })
    const daemon = create({ file, every: 3_600_000 }).use(spy)
    const running = daemon.run()
    await until(() => daemon.heartbeat.last !== undefined)
    const { id, time } = daemon.heartbeat.last!
    expect(shares().heartbeat).toEqual({ file, id })
    expect(daemon.inspect().plugins.heartbeat).toEqual({
      file,
      every: 3_600_000,
      written: 1,
      failures: 0,
      last: time,
    })
    await stop(daemon, running)
  })

  /** In the test's own process: without signal handlers, and silent. */
  function create(options: HeartbeatOptions, interval = 20) {
    const logger: Logger = { debug() {}, info() {}, error() {}, fatal() {} }
    return createDaemon({ name: 'test', interval, signals: false, logger, priority: 0 })
      .use(heartbeat(options))
      .execute(() => {})
  }

  async function stop(daemon: ReturnType<typeof create>, running: Promise<StopReport>): Promise<void> {
    await daemon.stop()
    expect((await running).unfinished).toEqual([])
  }
})

describe('a real process', () => {
  test('has a file as long as it lives', async () => {
    const program = run({})
    await until(async () => ((await readHeartbeat(file))?.iterations ?? 0) > 0)
    expect(await readHeartbeat(file)).toMatchObject({ name: 'patient', pid: program.process.pid })
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual([0, null])
    expect(await readHeartbeat(file)).toBeUndefined()
  })

  test.each([
    ['runs an endless loop', { HANG: 'loop', HEARTBEAT_EVERY: '100' }],
    ['waits for ever', { HANG: 'promise', HEARTBEAT_EVERY: 'iteration' }],
  ])('lets its heartbeat grow old when it %s', async (_, env) => {
    const program = run(env)
    await until(async () => (await age()) > 1500)
    const stale = await readHeartbeat(file)
    expect(stale).toMatchObject({ pid: program.process.pid, state: 'running' })
    program.process.kill('SIGKILL')
    await program.ended

    // A killed daemon cannot tidy up. The next one takes the file over.
    expect(await readHeartbeat(file)).toEqual(stale)
    const next = run({})
    await until(async () => (await readHeartbeat(file))?.pid === next.process.pid)
    next.process.kill('SIGTERM')
    await next.ended
  })

  test('is the example, which ends by itself', async () => {
    const program = runProgram(new URL('../example.ts', import.meta.url), { HEARTBEAT_DIR: directory })
    programs.push(program)
    expect(await program.ended).toEqual([0, null])
    expect(program.output()).toMatch(/says: 2 iterations at .*A heartbeat was written: stopping/s)
    expect(program.output()).toMatch(/The daemon has stopped, and its heartbeat file is gone\.\n$/)
  })

  /** Milliseconds since the heartbeat was written; 0 when there is none. */
  async function age(): Promise<number> {
    const found = await readHeartbeat(file)
    return found ? Date.now() - Date.parse(found.time) : 0
  }
})

/** Runs the daemon in test/fixtures. */
function run(env: Record<string, string>): Program {
  const program = runProgram(new URL('./fixtures/daemon.ts', import.meta.url), {
    HEARTBEAT_FILE: file,
    ...env,
  })
  programs.push(program)
  return program
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Not within ${PATIENCE} ms: ${condition}`)
    await sleep(10)
  }
}
