import { resolve } from 'node:path'
import {
  type DaemonBase,
  definePlugin,
  openRunDirectory,
  type Plugin,
  type PluginHost,
  runDirectory,
  SdError,
} from '@sd/core'
import { identify } from '@sd/core/process-identity'
import { listPathProblems } from '@sd/core/unix-socket'
import type { ControlMethod } from './control-method.ts'
import { ControlServer } from './control-server.ts'
import { recordLife } from './life/life-recorder.ts'
import { LogRing } from './log/log-ring.ts'
import { MethodRegistry } from './method-registry.ts'
import { createBuiltInMethods } from './methods/built-in-methods.ts'
import { Children } from './methods/children.ts'
import { readPackageVersions } from './methods/package-versions.ts'
import { type ControlOptions, resolveControlOptions } from './options.ts'
import { type Introduction, PROTOCOL } from './protocol.ts'
import { socketPath } from './socket-path.ts'

/** What users get as `daemon.control`. */
export interface ControlService {
  /** Where the daemon listens; undefined before it has started. */
  readonly path: string | undefined
  /** The methods that clients can call. */
  readonly methods: readonly string[]
  /**
   * Adds a method.
   *
   * @returns removes it.
   * @throws SdError `SD_CONTROL_METHOD` when the name is taken or wrong.
   * @example
   * ```ts
   * daemon.control.method('reload', async () => ({ settings: await reload() }))
   * ```
   */
  method(name: string, handler: ControlMethod): () => void
}

/** Milliseconds that a client may take to read what it was sent last. */
const LAST_WORDS = 500

/**
 * A socket over which the daemon can be asked and told: newline-delimited JSON-RPC 2.0 in the run directory, for
 * this user and root only.
 *
 * @throws SdError `SD_CONTROL_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'poller', interval: 1000 }).use(control())
 * ```
 */
export function control(options: ControlOptions = {}): Plugin<'control', ControlService> {
  const resolved = resolveControlOptions(options)
  return definePlugin('control', (host) => {
    const registry = new MethodRegistry()
    const log = new LogRing(resolved.logRecords)
    const server = new ControlServer({ ...resolved, find: (name) => registry.find(name) })
    let packages: Introduction['packages'] | undefined
    // As they are installed when the daemon starts, and not when somebody asks; but a start need not wait for that.
    const readPackages = (): Introduction['packages'] => (packages ??= readPackageVersions())
    host.on('started', () => void setImmediate(readPackages))
    recordLife(host.daemon as DaemonBase)
    let path: string | undefined
    let processStart: string | null | undefined
    const restartAccepted = Promise.withResolvers<void>()

    const parts = {
      daemon: host.daemon as DaemonBase,
      children: new Children(host),
      log,
      restartAccepted: restartAccepted.promise,
      introduction: () => {
        // A process restarts in place, and keeps it.
        if (processStart === undefined) processStart = identify(process.pid)?.startTime ?? null
        return { ...introduce(host), processStart, packages: readPackages() }
      },
    }
    for (const [name, method] of Object.entries(createBuiltInMethods(parts))) registry.add(name, method)
    host.on('log', (record) => log.add(record))

    return {
      service: {
        get path() {
          return path
        },
        get methods() {
          return registry.names
        },
        method: (name, handler) => registry.add(name, handler),
      },

      // The run directory is made if need be, and what is wrong with it told, when the socket is.
      checkEnvironment: () => (resolved.path === undefined ? [] : listPathProblems({ path: resolved.path })),

      async setup() {
        host.dispatch('control', { method: (name, handler) => registry.add(name, handler) })
        path = await listen(server, host, resolved.path)
        host.debug(`Listens on ${path}`)
      },

      // The check of the new code has passed: a client that asked for the restart need not wait for calls under way.
      settle: () => restartAccepted.resolve(),

      teardown: () => server.close(new Promise((resolve) => setTimeout(resolve, LAST_WORDS).unref())),

      inspect: () => ({ path: path ?? null, clients: server.clients }),
    }
  })
}

function introduce({ name }: PluginHost): Omit<Introduction, 'packages' | 'processStart'> {
  return {
    protocol: PROTOCOL,
    name,
    pid: process.pid,
    program: process.argv[1] ?? null,
    node: process.version,
  }
}

/** @returns where it listens. */
async function listen(server: ControlServer, host: PluginHost, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    const path = resolve(given)
    await server.listen(path)
    return path
  }
  const directory = await openRunDirectory(runDirectory())
  const path = socketPath(directory, host.name)
  try {
    await server.listen(path)
    return path
  } catch (error) {
    if (!(error instanceof SdError) || error.code !== 'SD_CORE_SOCKET_IN_USE') throw error
  }
  // Whether there may be two daemons of one name is for a lock to say.
  const own = socketPath(directory, host.name, process.pid)
  host.log(`Another daemon named "${host.name}" listens on ${path}. This one listens on ${own}`)
  await server.listen(own)
  return own
}
