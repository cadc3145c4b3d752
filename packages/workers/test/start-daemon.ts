import {
  createDaemon,
  type DebugFacet,
  definePlugin,
  type Logger,
  type LogRecord,
  type StopReport,
} from '@sd/core'
import type { Sandbox } from '@sd/testing'
import { type PoolMap, type PoolOptions, type WorkerShape, type WorkersService, workers } from '@sd/workers'

/** A daemon that runs in the test's own process, with real worker processes. */
export interface TestDaemon<Workers extends Record<string, WorkerShape>> {
  readonly workers: WorkersService<Workers>
  readonly log: LogRecord[]
  readonly errors: string[]
  readonly daemon: ReturnType<typeof createDaemon>
  /** What a debugger may see and do, by plugin. */
  facets(): Readonly<Record<string, DebugFacet>>
  /** What the plugin `notes` shares. */
  share(value: { readonly text: string }): void
  stop(): Promise<StopReport>
}

/** Starts a daemon without a clock; its workers run from source, marked as the sandbox's. */
export async function startDaemon<const Workers extends Record<string, WorkerShape>>(
  sandbox: Sandbox,
  pools: { readonly [A in keyof Workers]: PoolOptions<Workers[A]> },
  shutdownTimeout = 20_000,
): Promise<TestDaemon<Workers>> {
  const log: LogRecord[] = []
  const errors: string[] = []
  let shared = { text: 'first' }
  let shareChanged = (): void => {}
  let facets: TestDaemon<Workers>['facets'] = () => ({})
  const notes = definePlugin('notes', (host) => {
    shareChanged = () => host.shareChanged()
    facets = () => host.facets()
    return { service: {}, share: () => shared }
  })
  const daemon = createDaemon({ name: 'test', signals: false, shutdownTimeout, logger: SILENT })
    .use(notes)
    .use(workers(fromSource(sandbox, pools)))
  daemon.on('log', (record) => log.push(record))
  daemon.on('error', ({ message }) => errors.push(message))
  const running = new Promise<void>((resolve, reject) => {
    daemon.setup(() => setImmediate(resolve) && undefined)
    daemon.run().catch(reject)
  })
  await running
  return {
    workers: daemon.workers as unknown as WorkersService<Workers>,
    log,
    errors,
    daemon,
    facets: () => facets(),
    share(value) {
      shared = value
      shareChanged()
    },
    stop: () => daemon.stop(),
  }
}

/** Jest's own Node flags do not suit the children, and the marker shows whose they are. */
export function fromSource<const Workers extends Record<string, WorkerShape>>(
  sandbox: Sandbox,
  pools: { readonly [A in keyof Workers]: PoolOptions<Workers[A]> },
): PoolMap<Workers> {
  const prepared = Object.entries(pools as unknown as Record<string, PoolOptions>).map(([alias, pool]) => [
    alias,
    { ...pool, execArgv: ['-C', '@sd/source'], env: { ...sandbox.env } },
  ])
  return Object.fromEntries(prepared) as PoolMap<Workers>
}

const SILENT: Logger = { debug() {}, info() {}, error() {}, fatal() {} }
