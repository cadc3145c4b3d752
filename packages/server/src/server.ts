import { type DaemonBase, definePlugin, type Json, type Plugin } from '@sd/core'
import { listPathProblems } from '@sd/core/unix-socket'
import { listDescriptorProblems } from './listen/descriptor-problems.ts'
import { resolveServerOptions, type ServerOptions } from './options.ts'
import type { ServerService } from './server-service.ts'
import { SocketServer } from './socket-server.ts'

/**
 * The plugin that serves TCP or unix-socket clients: their input is cut into messages, and commands answer them.
 * The daemon needs neither a clock nor `execute`: it waits for clients until it is stopped.
 *
 * @param options - where to listen, and the limits.
 * @throws SdError `SD_SERVER_OPTIONS` naming the option, its value, and what to write instead.
 * @example
 * ```ts
 * const store = new Map<string, string>()
 * const daemon = createDaemon({ name: 'kv' })
 *   .use(server({ listen: { port: 7000 } }))
 *   .setup((daemon) => {
 *     daemon.server.command(/^get (\w+)$/, (client, match) => store.get(match[1]!) ?? 'none')
 *   })
 * await daemon.run()
 * ```
 */
export function server<const Name extends string = 'server', Data = Record<string, unknown>>(
  options: ServerOptions<Name, Data>,
): Plugin<Name, ServerService<Data>> {
  const resolved = resolveServerOptions<Data>(options)
  const { listen } = resolved
  return definePlugin(resolved.name as Name, (host) => {
    const sockets = new SocketServer<Data>(host, resolved)
    return {
      service: sockets.service,
      checkEnvironment: () => {
        if ('path' in listen) return listPathProblems(listen)
        return 'fd' in listen
          ? listDescriptorProblems(listen, (host.daemon as DaemonBase).is('preflight'))
          : []
      },
      async setup() {
        // Commands are added in the daemon's own setup, which comes later: until then clients wait.
        host.on('started', () => sockets.open(), { once: true })
        await sockets.listen()
      },
      settle: () => sockets.settle(),
      drain: (deadline) => sockets.drain(deadline),
      teardown: () => sockets.close(),
      inspect: () => ({ address: sockets.address ?? null, ...sockets.statistics() }) as Json,
    }
  })
}
