import type { Socket } from 'node:net'
import { serialize } from 'node:v8'
import { type Codec, FORM, HEADER } from './frame.ts'

/** Bytes that are gathered before they are written. */
const BATCH = 65_536

/** Writes the frames of one tick at once. */
export class FrameWriter {
  readonly #socket: Socket
  readonly #codec: Codec
  #batch = Buffer.allocUnsafeSlow(BATCH)
  /** What is gathered lies between these two; before it lies what was written. */
  #start = 0
  #end = 0
  #isScheduled = false

  constructor(socket: Socket, codec: Codec) {
    this.#socket = socket
    this.#codec = codec
  }

  write(call: number, method: number, value: unknown): void {
    if (value === undefined) this.#writeBytes(call, method, FORM.none, Buffer.alloc(0))
    else if (this.#codec === 'v8') this.#writeBytes(call, method, FORM.v8, serialize(value))
    else if (value instanceof Uint8Array) this.#writeBytes(call, method, FORM.bytes, value)
    else this.#writeJson(call, method, JSON.stringify(value))
  }

  #writeJson(call: number, method: number, text: string): void {
    // A character takes three bytes at most.
    if (HEADER + text.length * 3 > BATCH) {
      this.#writeBytes(call, method, FORM.json, Buffer.from(text))
      return
    }
    this.#makeRoom(HEADER + text.length * 3)
    const length = this.#batch.write(text, this.#end + HEADER)
    this.#writeHeader(length, call, method, FORM.json)
    this.#end += length
  }

  #writeBytes(call: number, method: number, form: number, bytes: Uint8Array): void {
    const isLarge = bytes.length > BATCH / 4
    this.#makeRoom(isLarge ? HEADER : HEADER + bytes.length)
    this.#writeHeader(bytes.length, call, method, form)
    if (isLarge) {
      // Not copied: it follows what is gathered in the same system call.
      this.#socket.cork()
      this.#flush()
      this.#socket.write(bytes)
      this.#socket.uncork()
      return
    }
    this.#batch.set(bytes, this.#end)
    this.#end += bytes.length
  }

  #makeRoom(length: number): void {
    if (this.#end + length > BATCH) {
      this.#flush()
      this.#batch = Buffer.allocUnsafeSlow(BATCH)
      this.#start = this.#end = 0
    }
    if (this.#isScheduled) return
    this.#isScheduled = true
    // After the promises that one read has settled, so that the calls they make share a write.
    process.nextTick(this.#onTick)
  }

  #writeHeader(length: number, call: number, method: number, form: number): void {
    this.#end = this.#batch.writeUInt32LE(length, this.#end)
    this.#end = this.#batch.writeUInt32LE(call, this.#end)
    this.#batch[this.#end++] = method
    this.#batch[this.#end++] = form
  }

  readonly #onTick = (): void => {
    this.#isScheduled = false
    this.#flush()
  }

  #flush(): void {
    if (this.#end === this.#start) return
    this.#socket.write(this.#batch.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
}
