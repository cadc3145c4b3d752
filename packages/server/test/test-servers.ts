import { afterEach, beforeEach } from '@jest/globals'
import { createDaemon, type Logger, type LogRecord, type StopReport } from '@sd/core'
import {
  type Client,
  type DisconnectReason,
  type ServerOptions,
  type ServerService,
  server,
} from '@sd/server'
import { createSandbox, type Sandbox } from '@sd/testing'
import { connectClient, type LineClient } from './line-client.ts'

const SILENT: Logger = { debug() {}, info() {}, error() {}, fatal() {} }

/** A daemon with a server, in the test's own process. */
export interface TestServer<Data> {
  readonly server: ServerService<Data>
  readonly log: readonly LogRecord[]
  /** Why clients have gone, in that order. */
  readonly gone: readonly DisconnectReason[]
  /** The lines that were logged, as one text. */
  logged(): string
  connect(): LineClient
  stop(): Promise<StopReport>
}

/** Gives each test of a file a sandbox, stops the servers that the test started, and proves that nothing is left. */
export function testServers() {
  let sandbox: Sandbox
  let stops: (() => Promise<unknown>)[] = []
  let clients: LineClient[] = []

  beforeEach(() => {
    sandbox = createSandbox()
  })

  afterEach(async () => {
    for (const client of clients) client.socket.destroy()
    await Promise.all(clients.map((client) => client.closed))
    for (const stop of stops) await stop()
    stops = []
    clients = []
    await sandbox.assertNothingLeft()
  })

  /** Starts a server; `setup` is the daemon's own. */
  async function start<Data = Record<string, unknown>>(
    options: Partial<ServerOptions<'server', Data>> = {},
    setup: (service: ServerService<Data>) => void | Promise<void> = () => {},
    shutdownTimeout = 20_000,
  ): Promise<TestServer<Data>> {
    const log: LogRecord[] = []
    const gone: DisconnectReason[] = []
    const daemon = createDaemon({ name: 'test', signals: false, shutdownTimeout, logger: SILENT })
      .use(
        server<'server', Data>({
          listen: { port: 0 },
          ...options,
          onDisconnect(client: Client<Data>, reason) {
            gone.push(reason)
            return options.onDisconnect?.(client, reason)
          },
        }),
      )
      .setup((daemon) => setup(daemon.server))
    daemon.on('log', (record) => log.push(record))
    stops.push(() => daemon.stop())
    await new Promise<void>((resolve, reject) => {
      daemon.on('started', () => resolve())
      daemon.run().catch(reject)
    })
    const target = daemon.server.port ?? daemon.server.address!
    return {
      server: daemon.server,
      log,
      gone,
      logged: () => log.map(({ message }) => message).join('\n'),
      connect() {
        const client = connectClient(target)
        clients.push(client)
        return client
      },
      stop: () => daemon.stop(),
    }
  }

  /** Sees to it that a client ends with its test. */
  function adopt(client: LineClient): LineClient {
    clients.push(client)
    return client
  }

  return { sandbox: () => sandbox, start, adopt }
}
