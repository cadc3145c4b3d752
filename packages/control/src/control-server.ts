import { createServer, type Server, type Socket } from 'node:net'
import { SdError } from '@sd/core'
import { listenOnPath } from '@sd/core/unix-socket'
import { type ConnectionSettings, ControlConnection } from './connection/control-connection.ts'
import { errorResponse } from './json-rpc/messages.ts'
import { toRpcError } from './json-rpc/rpc-error.ts'

/** What a server needs. */
interface ServerSettings extends ConnectionSettings {
  readonly maxClients: number
}

/** Listens on the control socket and keeps its clients. */
export class ControlServer {
  readonly #settings: ServerSettings
  readonly #server: Server
  readonly #connections = new Set<ControlConnection>()
  #release: (() => void) | undefined

  constructor(settings: ServerSettings) {
    this.#settings = settings
    const options = { allowHalfOpen: true, highWaterMark: settings.maxOutput }
    this.#server = createServer(options, (socket) => this.#accept(socket))
  }

  /** How many clients there are. */
  get clients(): number {
    return this.#connections.size
  }

  /** @throws as `listenOnPath` of `@sd/core/unix-socket`. */
  async listen(path: string): Promise<void> {
    this.#release = await listenOnPath(this.#server, { path, mode: 0o600 })
    // One that cannot be accepted, because no descriptor is left, is lost; the others are not.
    this.#server.on('error', () => {})
  }

  /** Takes the socket away and lets the clients read to the end, at most until `limit`. Idempotent. */
  async close(limit: Promise<unknown>): Promise<void> {
    this.#release?.()
    this.#release = undefined
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    await Promise.all([...this.#connections].map((connection) => connection.close(limit)))
    await closed
  }

  #accept(socket: Socket): void {
    const connection = new ControlConnection(socket, this.#settings)
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
    const { maxClients } = this.#settings
    if (this.#connections.size <= maxClients) return
    const message = `The daemon serves ${maxClients} clients on its control socket already. Close one, or try again.`
    connection.refuse(
      errorResponse(null, toRpcError(new SdError('SD_CONTROL_BUSY', message, { maxClients }))),
    )
  }
}
