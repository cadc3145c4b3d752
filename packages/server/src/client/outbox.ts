import type { Socket } from 'node:net'
import type { Flushable, FlushQueue } from './flush-queue.ts'

/** Characters of text that are held back at most. */
const ENOUGH = 16 * 1024

/** What a client is to get. Text is gathered for the length of a turn: one write costs as much as another. */
export class Outbox implements Flushable {
  readonly #socket: Socket
  readonly #queue: FlushQueue
  readonly #room: ((hasRoom: boolean) => void)[] = []
  #text = ''
  #queued = false

  constructor(socket: Socket, queue: FlushQueue) {
    this.#socket = socket
    this.#queue = queue
    socket.on('drain', () => this.#tell(true))
    socket.on('close', () => this.#tell(false))
  }

  /** What the client has not taken yet. Bytes, roughly. */
  get length(): number {
    return this.#socket.writableLength + this.#text.length
  }

  /** Whether the client takes what it gets. */
  get hasRoom(): boolean {
    return !this.#socket.writableNeedDrain
  }

  add(data: string | Uint8Array): void {
    if (typeof data !== 'string') {
      this.flush()
      this.#socket.write(data)
      return
    }
    this.#text += data
    if (this.#text.length >= ENOUGH) this.flush()
    else if (!this.#queued) {
      this.#queued = true
      this.#queue.add(this)
    }
  }

  flush(): void {
    this.#queued = false
    const text = this.#text
    if (text === '') return
    this.#text = ''
    if (this.#socket.writable) this.#socket.write(text)
  }

  /** Resolves to true when there is room, to false when the client is gone. */
  waitForRoom(): Promise<boolean> {
    if (this.hasRoom) return ROOM
    return new Promise((resolve) => this.#room.push(resolve))
  }

  #tell(hasRoom: boolean): void {
    for (const resolve of this.#room.splice(0)) resolve(hasRoom)
  }
}

const ROOM: Promise<boolean> = Promise.resolve(true)
