import { once } from 'node:events'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

/** A client of the tests: it sends what it is told, and gathers what it gets. */
export interface LineClient {
  readonly socket: Socket
  /** All that has come so far. */
  readonly received: string
  /** Resolves when it is connected. */
  readonly connected: Promise<unknown>
  /** Resolves when the connection is closed, with all that came. */
  readonly closed: Promise<string>
  write(data: string | Uint8Array): void
  /** Sends a line, and resolves to the next line that comes. */
  ask(line: string): Promise<string>
  /** The next line that comes, or has come and was not asked for. */
  line(): Promise<string>
}

/** Connects to a server, by its port or its path. */
export function connectClient(target: number | string | NetConnectOpts): LineClient {
  if (typeof target === 'number') return follow(connect(target, '127.0.0.1'), 'connect')
  return follow(typeof target === 'string' ? connect(target) : connect(target), 'connect')
}

/** Connects with TLS. */
export function connectTlsClient(options: ConnectionOptions): LineClient {
  return follow(connectTls(options), 'secureConnect')
}

function follow(socket: Socket, connectedEvent: string): LineClient {
  let received = ''
  let taken = 0
  const waiting: (() => void)[] = []
  const connected = once(socket, connectedEvent)
  connected.catch(() => {})
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    received += text
    for (const wake of waiting.splice(0)) wake()
  })
  socket.on('error', () => {})
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(received)))
  void closed.then(() => waiting.splice(0).forEach((wake) => void wake()))

  async function line(): Promise<string> {
    for (;;) {
      const end = received.indexOf('\n', taken)
      if (end >= 0) {
        const found = received.slice(taken, end)
        taken = end + 1
        return found
      }
      if (socket.destroyed) throw new Error(`Closed while waiting for a line, after: ${received}`)
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }

  return {
    socket,
    get received() {
      return received
    },
    connected,
    closed,
    write: (data) => void socket.write(data),
    ask(text) {
      socket.write(`${text}\n`)
      return line()
    },
    line,
  }
}
