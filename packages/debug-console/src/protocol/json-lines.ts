import type { Socket } from 'node:net'

/** Characters of a line that is longer than anything that is ever said. */
const LONGEST_LINE = 4 * 1024 * 1024

/** Characters that may wait for somebody who does not read. */
const MOST_WAITING = 16 * 1024 * 1024

/** JSON values over a socket, one on each line. */
export class JsonLines<Incoming, Outgoing> {
  readonly #socket: Socket
  #rest = ''

  /**
   * @param onValue - one after the other. What it throws ends the connection.
   * @param onEnd - once, when nothing more comes, whoever ended it.
   */
  constructor(socket: Socket, onValue: (value: Incoming) => void, onEnd: (why: string) => void) {
    this.#socket = socket
    let ended = false
    const end = (why: string): void => {
      if (ended) return
      ended = true
      socket.destroy()
      onEnd(why)
    }
    socket.setEncoding('utf8')
    socket.on('error', ({ message }) => end(message))
    socket.on('close', () => end('it has closed the connection'))
    socket.on('data', (text: string) => {
      if (ended) return
      this.#rest += text
      if (this.#rest.length > LONGEST_LINE && !this.#rest.includes('\n')) return end('a line is too long')
      const lines = this.#rest.split('\n')
      this.#rest = lines.pop()!
      try {
        for (const line of lines) {
          if (ended) return
          const value: unknown = JSON.parse(line)
          if (typeof value !== 'object' || value === null) throw new TypeError('it is no message')
          onValue(value as Incoming)
        }
      } catch (error) {
        end(`it says what nobody understands: ${error instanceof Error ? error.message : error}`)
      }
    })
  }

  /** Sends a value. Who does not read what is sent is cut off. */
  send(value: Outgoing): void {
    if (this.#socket.destroyed) return
    this.#socket.write(`${JSON.stringify(value)}\n`)
    if (this.#socket.writableLength > MOST_WAITING) this.#socket.destroy()
  }

  /** Ends the connection when all that was sent is written, at the latest in half a second. */
  end(): void {
    this.#socket.end()
    setTimeout(() => this.#socket.destroy(), 500).unref()
  }
}
