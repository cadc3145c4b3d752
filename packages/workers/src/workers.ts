import { fileURLToPath } from 'node:url'
import {
  type DebugFacet,
  definePlugin,
  describe,
  type Json,
  type Plugin,
  type PluginHost,
  SdError,
  suggestName,
} from '@sd/core'
import { bundledWords } from '@sd/core/own-entry'
import { ChildrenFacet, tellMistakes } from '@sd/process/exchange'
import { isDefinition, type WorkerDefinition } from './definition/define-worker.ts'
import type { WorkerShape } from './definition/worker-shape.ts'
import { WORKER_MAIN } from './engine/local-engine.ts'
import { type AnyCall, type PoolOptions, resolvePoolOptions } from './options.ts'
import { Pool } from './pool/pool.ts'
import type { WorkersService } from './workers-service.ts'

declare module '@sd/core' {
  interface DaemonEvents {
    /** A call of a worker has settled, whichever way. */
    call: AnyCall
  }
}

/** The pools of a daemon, by alias: a worker alone, or with the pool's options. */
export type PoolMap<Workers extends Record<string, WorkerShape>> = {
  readonly [Alias in keyof Workers]: WorkerDefinition<Workers[Alias]> | PoolOptions<Workers[Alias]>
}

/**
 * The plugin that runs workers: `daemon.workers.<alias>.<method>(...)` runs in a background process and returns
 * a {@link Call}, a promise of the result.
 *
 * @param pools - by alias, a worker alone or `{ worker, ...options }`.
 * @throws SdError `SD_WORKERS_OPTIONS` naming the option, its value, and what to write instead.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'prime-numbers', interval: 1000 })
 *   .use(workers({ primes: { worker: primes, size: 4, timeout: 60_000 } }))
 *   .execute(async (daemon) => {
 *     const found = await daemon.workers.primes.sieve(1, 100)
 *   })
 * ```
 */
export function workers<const Workers extends Record<string, WorkerShape>>(
  pools: PoolMap<Workers>,
): Plugin<'workers', WorkersService<Workers>> {
  const options = resolvePools(pools)
  return definePlugin('workers', (host) => {
    const created = createPools(host, options)
    const all = [...created.values()]
    const children = new ChildrenFacet(({ group }) => (created.has(group) ? 'worker' : undefined))
    let opened = false
    // A daemon may be told to stop, or fail to start, before it was this plugin's turn.
    const closeUnopened = (): void => {
      if (!opened) for (const pool of all) void pool.close()
    }
    host.signal.addEventListener('abort', closeUnopened, { once: true })
    return {
      service: createService(created) as WorkersService<Workers>,
      checkEnvironment: () => listMissingFiles(options),
      async setup() {
        opened = true
        for (const [alias, { worker }] of options) {
          // A definition may be one of an earlier version of this package.
          const { mistakes = [] }: Partial<WorkerDefinition<unknown>> = worker
          tellMistakes(host, `The worker "${alias}"`, mistakes)
        }
        const { processManager } = await import('@sd/process')
        children.provide(processManager(host))
        await Promise.all(all.map((pool) => pool.open()))
      },
      settle: async () => void (await Promise.all(all.map((pool) => pool.settle()))),
      drain: async (deadline) => void (await Promise.all(all.map((pool) => pool.shutDown(deadline)))),
      teardown: async () => void (await Promise.all(all.map((pool) => pool.close()))),
      inspect: () => Object.fromEntries([...created].map(([alias, pool]) => [alias, pool.inspect()])) as Json,
      debug: createFacet(created, children),
    }
  })
}

type Resolved = Map<string, ReturnType<typeof resolvePoolOptions>>

function resolvePools(pools: Record<string, unknown>): Resolved {
  if (typeof pools !== 'object' || pools === null) {
    throw new SdError('SD_WORKERS_OPTIONS', `workers() takes an object of workers, not ${describe(pools)}.`)
  }
  if (isDefinition(pools)) {
    const message =
      'workers() takes an object of workers, not a worker. Give it a name: workers({ name: worker }).'
    throw new SdError('SD_WORKERS_OPTIONS', message)
  }
  const resolved: Resolved = new Map()
  for (const [alias, given] of Object.entries(pools)) {
    if (!/^[A-Za-z_$][\w$]*$/.test(alias) || alias === 'pool' || alias === 'then') {
      const message = `workers: a worker cannot be named "${alias}". Use a JavaScript identifier other than "pool" and "then".`
      throw new SdError('SD_WORKERS_OPTIONS', message, { option: alias })
    }
    resolved.set(alias, resolvePoolOptions(alias, given))
  }
  return resolved
}

function createPools(host: PluginHost, options: Resolved): Map<string, Pool> {
  let lastId = 0
  const nextId = (): number => ++lastId
  const create = ([alias, pool]: [string, ReturnType<typeof resolvePoolOptions>]): [string, Pool] => [
    alias,
    new Pool({ host, alias, definition: pool.worker, options: pool, nextId }),
  ]
  return new Map([...options].map(create))
}

function createService(pools: Map<string, Pool>): object {
  const pool = (alias: string): Pool => {
    const found = pools.get(alias)
    if (found) return found
    throw unknownPoolError(alias, pools)
  }
  const clients = Object.fromEntries([...pools].map(([alias, { client }]) => [alias, client]))
  return Object.freeze({ ...clients, pool })
}

function unknownPoolError(alias: string, pools: ReadonlyMap<string, Pool>): SdError {
  const message = `There is no worker "${alias}".${suggestName(alias, [...pools.keys()])}`
  return new SdError('SD_WORKERS_UNKNOWN_POOL', message, { pool: alias })
}

function createFacet(pools: ReadonlyMap<string, Pool>, children: ChildrenFacet): DebugFacet {
  const all = [...pools.values()]
  return {
    ...children.facet,
    types: () => all.map(({ alias, methods }) => ({ pool: alias, methods })),
    calls: () => all.flatMap((pool) => pool.views()).sort((a, b) => a.id - b.id),
    call: (alias, id) => pools.get(alias)?.view(id),
    abort(alias, id) {
      const call = pools.get(alias)?.call(id)
      call?.cancel()
      return call !== undefined
    },
    run(alias, method, args) {
      const pool = pools.get(alias)
      return pool ? pool.run(method, args) : Promise.reject(unknownPoolError(alias, pools))
    },
  }
}

/** Worker files that are not there: found before anything starts. */
async function listMissingFiles(options: Resolved): Promise<string[]> {
  // Worker processes import this file, and would spend milliseconds on what they never do.
  const { access } = await import('node:fs/promises')
  const checks = [...options].map(async ([alias, { worker }]) => {
    if (!worker.url.startsWith('file:')) return undefined
    const file = fileURLToPath(worker.url)
    return access(file).then(
      () => undefined,
      () => `the file of the worker "${alias}" is missing or cannot be read: ${file}`,
    )
  })
  const isLocal = [...options.values()].some(({ engine }) => engine === undefined)
  const own = access(WORKER_MAIN).then(
    () => undefined,
    () => (isLocal ? bundledWords(WORKER_MAIN, '@sd/workers') : undefined),
  )
  return (await Promise.all([own, ...checks])).filter((line) => line !== undefined)
}
