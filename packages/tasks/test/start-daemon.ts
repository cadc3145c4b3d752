import { afterEach, beforeEach } from '@jest/globals'
import {
  createDaemon,
  type DebugFacet,
  definePlugin,
  type Logger,
  type LogRecord,
  type StopReport,
} from '@sd/core'
import { type AnyTask, type TasksOptions, type TasksService, tasks } from '@sd/tasks'
import { createSandbox, type Sandbox, waitUntil } from '@sd/testing'

/** A daemon that runs in the test's own process, with real task processes. */
export interface TestDaemon {
  readonly tasks: TasksService
  readonly run: TasksService['run']
  readonly log: readonly LogRecord[]
  readonly errors: readonly string[]
  /** What `fork` and `reap` told, in order. */
  readonly events: readonly {
    readonly event: 'fork' | 'reap'
    readonly pid: number
    readonly group: string
  }[]
  readonly daemon: ReturnType<typeof createDaemon>
  /** What a debugger may see and do, by plugin. */
  facets(): Readonly<Record<string, DebugFacet>>
  /** What the plugin `notes` shares. */
  share(value: { readonly text: string }): void
  /** What the statistics show of the plugin. */
  inspect(): TasksPicture
  /** Waits until so many spares are ready. @returns their pids. */
  sparesReady(count?: number): Promise<number[]>
  stop(): Promise<StopReport>
}

/** What the plugin's `inspect` returns. */
export interface TasksPicture {
  readonly running: number
  readonly waiting: number
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  readonly spares: { readonly pid: number; readonly state: string }[]
  readonly tasks: { readonly id: number; readonly group: string; readonly pid: number }[]
  readonly groups: Record<string, { readonly count: number }>
}

/** Jest's own Node flags do not suit the children, and the marker shows whose they are. */
export function fromSource(sandbox: Sandbox, options: TasksOptions): TasksOptions {
  return {
    ...options,
    execArgv: ['-C', '@sd/source', ...(options.execArgv ?? [])],
    env: { ...sandbox.env, ...options.env },
  }
}

/** Gives each test of a file a sandbox, stops the daemons that the test started, and proves that nothing is left. */
export function testDaemons() {
  let sandbox: Sandbox
  let started: TestDaemon[] = []

  beforeEach(() => {
    sandbox = createSandbox()
  })

  afterEach(async () => {
    for (const daemon of started) await daemon.stop()
    started = []
    await sandbox.assertNothingLeft()
  })

  async function start(options: TasksOptions = {}): Promise<TestDaemon> {
    const daemon = await startDaemon(sandbox, options)
    started.push(daemon)
    return daemon
  }

  return { sandbox: () => sandbox, start }
}

const SILENT: Logger = { debug() {}, info() {}, error() {}, fatal() {} }

async function startDaemon(sandbox: Sandbox, options: TasksOptions): Promise<TestDaemon> {
  const log: LogRecord[] = []
  const errors: string[] = []
  const events: { event: 'fork' | 'reap'; pid: number; group: string }[] = []
  let shared = { text: 'first' }
  let shareChanged = (): void => {}
  let facets: TestDaemon['facets'] = () => ({})
  const notes = definePlugin('notes', (host) => {
    shareChanged = () => host.shareChanged()
    facets = () => host.facets()
    return { service: {}, share: () => shared }
  })
  const daemon = createDaemon({ name: 'test', signals: false, shutdownTimeout: 20_000, logger: SILENT })
    .use(notes)
    .use(tasks(fromSource(sandbox, options)))
  daemon.on('log', (record) => log.push(record))
  daemon.on('error', ({ message }) => errors.push(message))
  for (const event of ['fork', 'reap'] as const) {
    daemon.on(event, ({ pid, group }) => events.push({ event, pid, group }))
  }
  await new Promise<void>((resolve, reject) => {
    daemon.setup(() => setImmediate(resolve) && undefined)
    daemon.run().catch(reject)
  })
  const inspect = (): TasksPicture => daemon.inspect().plugins.tasks as unknown as TasksPicture
  return {
    tasks: daemon.tasks,
    run: daemon.tasks.run,
    log,
    errors,
    events,
    daemon,
    facets: () => facets(),
    share(value) {
      shared = value
      shareChanged()
    },
    inspect,
    async sparesReady(count = 1) {
      const ready = () => inspect().spares.filter(({ state }) => state === 'ready')
      await waitUntil(() => ready().length === count, `${count} spares are ready`)
      return ready().map(({ pid }) => pid)
    },
    stop: () => daemon.stop(),
  }
}

/** The first progress that a task tells. */
export function firstProgress(task: AnyTask): Promise<unknown> {
  return new Promise((resolve, reject) => {
    task.on('progress', resolve)
    task.catch(reject)
  })
}

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('It did not reject.')
}
