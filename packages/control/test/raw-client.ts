import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { waitUntil } from '@sd/testing'

/** A client that sends whatever it is told to, and keeps what comes back. */
export interface RawClient {
  readonly socket: Socket
  /** What came back, parsed line by line. */
  readonly messages: readonly unknown[]
  /** Resolves when the daemon has hung up. */
  readonly closed: Promise<unknown>
  send(text: string | Buffer): void
  /** Sends a line, and waits for the next one. */
  ask(message: unknown): Promise<unknown>
  /** Waits until so many messages have come. */
  until(count: number): Promise<readonly unknown[]>
}

export async function connectRaw(path: string): Promise<RawClient> {
  const socket = connect(path)
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  const messages: unknown[] = []
  let rest = ''
  socket.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    messages.push(...lines.map((line) => JSON.parse(line)))
  })
  await once(socket, 'connect')
  const until = async (count: number): Promise<readonly unknown[]> => {
    await waitUntil(() => messages.length >= count, `${count} messages`, 50_000)
    return messages
  }
  return {
    socket,
    messages,
    closed,
    send: (text) => void socket.write(text),
    until,
    async ask(message) {
      const count = messages.length
      socket.write(typeof message === 'string' ? `${message}\n` : `${JSON.stringify(message)}\n`)
      return (await until(count + 1))[count]
    },
  }
}
