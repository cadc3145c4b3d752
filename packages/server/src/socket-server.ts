import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Clock, Deadline, PluginHost, Timer } from '@sd/core'
import { describe, must, SdError } from '@sd/core'
import type { Client, DisconnectReason } from './client/client.ts'
import { ClientConnection } from './client/client-connection.ts'
import { FlushQueue } from './client/flush-queue.ts'
import type { ServerParts } from './client/server-parts.ts'
import { CommandList } from './command-list.ts'
import { clientsWithin, readFileLimit } from './file-limit.ts'
import { createFraming } from './framing/create-framing.ts'
import { HandlerList } from './handlers.ts'
import { type Listening, listen } from './listen/listen.ts'
import type { ResolvedServerOptions } from './options.ts'
import { RateLimitedLog } from './rate-limited-log.ts'
import type { ServerService, ServerStatistics } from './server-service.ts'

/** A client that does not complete its TLS handshake is closed after so many milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000

/** Milliseconds before the system asks a silent connection whether the other side is still there. */
const KEEP_ALIVE_DELAY = 60_000

/** Turns of the loop in which connections are accepted that wait when the server is about to close. */
const MOST_TURNS = 5000

/** Milliseconds between two looks at requests that a restart waits for. */
const LOOK_AGAIN = 20

/** One listening socket and its clients. */
export class SocketServer<Data> {
  readonly #host: PluginHost
  readonly #clock: Clock
  readonly #options: ResolvedServerOptions<Data>
  readonly #limitedLog: RateLimitedLog
  readonly #parts: ServerParts<Data>
  readonly #server: Server
  readonly #clients = new Set<ClientConnection<Data>>()
  /** All connections, those that have not completed their TLS handshake included. */
  readonly #sockets = new Set<Socket>()
  readonly #disconnecting = new Set<Promise<unknown>>()
  #listening: Listening | undefined
  #isOpen = false
  #sweep: Timer | undefined
  /** That have come, before any TLS. */
  #connections = 0
  #accepted = 0
  #refused = 0
  #messages = 0
  #failures = 0
  #bytesRead = 0
  #bytesWritten = 0

  constructor(host: PluginHost, options: ResolvedServerOptions<Data>) {
    this.#host = host
    this.#clock = host.clock
    this.#options = options
    this.#limitedLog = new RateLimitedLog(host.clock, (message) => host.log(message))
    this.#parts = this.#createParts()
    this.#server = this.#createServer()
    const { onConnect, onDisconnect, onError, onMessage } = options
    if (onConnect) this.#parts.connect.add(onConnect)
    if (onDisconnect) this.#parts.disconnect.add(onDisconnect)
    if (onError) this.#parts.failure.add(onError)
    if (onMessage) this.#parts.message.add(onMessage)
  }

  get service(): ServerService<Data> {
    const { commands, connect, disconnect, failure, message } = this.#parts
    const address = (): Listening | undefined => this.#listening
    const clients = this.#clients
    return {
      get address() {
        return address()?.address
      },
      get port() {
        return address()?.port
      },
      clients,
      command: (pattern, handler, options = {}) => commands.add(pattern, handler, options),
      onConnect: (handler) => connect.add(mustBeHandler('onConnect', handler)),
      onDisconnect: (handler) => disconnect.add(mustBeHandler('onDisconnect', handler)),
      onError: (handler) => failure.add(mustBeHandler('onError', handler)),
      onMessage: (handler) => message.add(mustBeHandler('onMessage', handler)),
      broadcast: (text, when) => this.#broadcast(text, when),
      stats: () => this.statistics(),
    }
  }

  /** Where it listens. */
  get address(): string | undefined {
    return this.#listening?.address
  }

  statistics(): ServerStatistics {
    let bytesRead = this.#bytesRead
    let bytesWritten = this.#bytesWritten
    for (const { socket } of this.#clients) {
      bytesRead += socket.bytesRead
      bytesWritten += socket.bytesWritten
    }
    return {
      clients: this.#clients.size,
      accepted: this.#accepted,
      refused: this.#refused,
      messages: this.#messages,
      failures: this.#failures,
      bytesRead,
      bytesWritten,
    }
  }

  /** Listens. Clients may connect; they are served once the server is {@link open}. */
  async listen(): Promise<void> {
    this.#server.maxConnections = this.#clientLimit()
    this.#listening = await listen(this.#server, this.#options.listen)
    this.#server.on('error', (error) => this.#limitedLog.say('accept', `Accepting failed: ${error.message}`))
    this.#host.log(`Listening on ${this.#listening.address}`)
  }

  /** Serves the clients, those included that came before. */
  open(): void {
    this.#isOpen = true
    for (const client of this.#clients) client.start()
    this.#scheduleSweep()
  }

  /** Resolves when the requests that are under way now have been answered; more are taken meanwhile. */
  async settle(): Promise<void> {
    let busy = [...this.#clients].filter((client) => client.isBusy)
    while (busy.length > 0) {
      await new Promise<void>((resolve) => void this.#clock.after(LOOK_AGAIN, resolve, false))
      busy = busy.filter((client) => client.isBusy)
    }
  }

  /** Accepts no more, lets the clients finish, and closes them at the deadline. */
  async drain(deadline: Deadline): Promise<void> {
    await this.#acceptWaiting(deadline)
    this.#stopAccepting()
    const closeAll = (): void => this.#closeAll('shutdown')
    deadline.signal.addEventListener('abort', closeAll, { once: true })
    for (const client of this.#clients) client.finish()
    this.#endHandshakes()
    if (deadline.expired) closeAll()
    await this.#allGone(deadline)
    deadline.signal.removeEventListener('abort', closeAll)
  }

  /** Closes everything at once. */
  async close(): Promise<void> {
    this.#stopAccepting()
    this.#closeAll('shutdown')
    await this.#allGone()
    this.#sweep?.cancel()
  }

  /** Connections that have not come through their TLS handshake will not become clients any more. */
  #endHandshakes(): void {
    const ports = new Set([...this.#clients].map((client) => client.remotePort))
    for (const socket of this.#sockets) if (!ports.has(socket.remotePort)) socket.destroy()
  }

  #createParts(): ServerParts<Data> {
    const { framing, delimiter, maxInput } = this.#options
    return {
      clock: this.#clock,
      options: this.#options,
      commands: new CommandList(),
      connect: new HandlerList(),
      disconnect: new HandlerList(),
      failure: new HandlerList(),
      message: new HandlerList(),
      flushes: new FlushQueue(),
      createFraming: () => createFraming(framing, delimiter, maxInput),
      onMessage: () => {
        this.#messages++
      },
      onFailure: (error) => {
        this.#failures++
        this.#host.error(error, this.#options.name)
      },
      onFault: (reason, message) => this.#limitedLog.say(reason, `Closing a client: ${message}`),
      onDisconnecting: (work) => {
        this.#disconnecting.add(work)
        void work.finally(() => this.#disconnecting.delete(work))
      },
    }
  }

  #createServer(): Server {
    const { tls } = this.#options
    const shared = {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
    }
    const server = tls
      ? createTlsServer({ handshakeTimeout: HANDSHAKE_TIMEOUT, ...tls, ...shared })
      : createServer(shared)
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#onClient(socket))
    server.on('connection', (socket: Socket) => this.#track(socket))
    server.on('tlsClientError', (error: Error) =>
      this.#limitedLog.say('tls', `A TLS handshake failed: ${error.message}`),
    )
    server.on('drop', () => this.#onRefused())
    return server
  }

  /** The clients that are wanted, or as many as the system lets this process have. */
  #clientLimit(): number {
    const { maxClients } = this.#options
    const fileLimit = readFileLimit()
    const possible = fileLimit ? clientsWithin(fileLimit) : maxClients
    if (possible >= maxClients) return maxClients
    this.#host.log(
      `There is room for ${possible} clients, not ${maxClients}: this process may open ${fileLimit!.limit} files. Raise the limit (ulimit -n, LimitNOFILE) or lower maxClients.`,
    )
    return possible
  }

  #track(socket: Socket): void {
    this.#connections++
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    // TLS reports on its own socket; a connection that breaks must not break the daemon.
    socket.on('error', () => {})
  }

  #onClient(socket: Socket): void {
    const client = new ClientConnection(++this.#accepted, socket, this.#parts)
    this.#clients.add(client)
    socket.on('close', () => {
      this.#clients.delete(client)
      this.#bytesRead += socket.bytesRead
      this.#bytesWritten += socket.bytesWritten
    })
    if (this.#isOpen) client.start()
    if (!this.#server.listening) client.finish()
  }

  #onRefused(): void {
    this.#refused++
    this.#limitedLog.say(
      'refused',
      `A connection was refused: ${this.#server.maxConnections} clients are connected`,
    )
  }

  #broadcast(message: string | Uint8Array, when?: (client: Client<Data>) => boolean): number {
    let count = 0
    const encoded = createFraming(
      this.#options.framing,
      this.#options.delimiter,
      this.#options.maxInput,
    ).encode(message)
    for (const client of this.#clients) {
      if (when && !when(client)) continue
      count++
      void client.write(encoded)
    }
    return count
  }

  #scheduleSweep(): void {
    const { idleTimeout } = this.#options
    if (idleTimeout === 0) return
    const sweep = (): void => {
      const now = this.#clock.now()
      for (const client of this.#clients) client.closeIfIdle(now)
      this.#scheduleSweep()
    }
    this.#sweep = this.#clock.after(Math.min(1000, Math.max(10, idleTimeout / 10)), sweep, false)
  }

  #stopAccepting(): void {
    if (this.#server.listening) this.#server.close()
    this.#listening?.release()
    this.#listening = undefined
  }

  /**
   * Accepts the connections that the system has made already: they would be reset, and nothing would have read what they ask for.
   * Node accepts one in each turn of its loop.
   */
  async #acceptWaiting(deadline: Deadline): Promise<void> {
    for (let turns = 0, quiet = 0; turns < MOST_TURNS && quiet < 2 && !deadline.expired; turns++) {
      const before = this.#connections
      await new Promise((resolve) => setImmediate(resolve))
      quiet = this.#connections === before ? quiet + 1 : 0
    }
  }

  #closeAll(reason: DisconnectReason): void {
    for (const client of this.#clients) client.close(reason)
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Resolves when all clients are gone and their handlers have been told, or at the deadline. */
  async #allGone(deadline?: Deadline): Promise<void> {
    while (this.#sockets.size > 0 && !deadline?.expired) {
      const [socket] = this.#sockets
      await waitFor(new Promise((resolve) => socket!.once('close', resolve)), deadline)
    }
    await waitFor(Promise.all(this.#disconnecting), deadline)
  }
}

function waitFor(work: Promise<unknown>, deadline: Deadline | undefined): Promise<unknown> {
  return deadline ? Promise.race([work, deadline.passed]) : work
}

function mustBeHandler<Handler>(method: string, handler: Handler): Handler {
  const wanted = must.beFunction(handler)
  if (wanted === undefined) return handler
  throw new SdError('SD_SERVER_HANDLER', `${method}() takes ${wanted}, not ${describe(handler)}.`, {
    handler,
  })
}
