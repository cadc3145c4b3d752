import type { Writable } from 'node:stream'

/** From this many bytes on it is not worth waiting for more. */
const FULL = 64 * 1024

/** Writes frames: those of one turn of the program travel in one write. */
export class FrameWriter {
  readonly #stream: Writable
  #frames: Buffer[] = []
  #length = 0

  constructor(stream: Writable) {
    this.#stream = stream
  }

  /** Bytes that the other side has not taken: the sign to hold back. */
  get buffered(): number {
    return this.#length + this.#stream.writableLength
  }

  /** @returns false when nothing can be written any more. */
  write(frame: Buffer): boolean {
    if (!this.#stream.writable) return false
    if (frame.length >= FULL) {
      // Alone, because joining it with the others would copy it.
      this.flush()
      this.#stream.write(frame)
      return true
    }
    if (this.#frames.length === 0) queueMicrotask(this.flush)
    this.#frames.push(frame)
    this.#length += frame.length
    if (this.#length >= FULL) this.flush()
    return true
  }

  /** Hands everything to the system now, as far as it takes it. */
  flush = (): void => {
    if (this.#frames.length === 0) return
    const frames = this.#frames
    this.#frames = []
    this.#length = 0
    if (!this.#stream.writable) return
    this.#stream.write(frames.length === 1 ? frames[0] : Buffer.concat(frames))
  }

  /** Calls `done` when all is written, or when it cannot be. */
  end(done: () => void): void {
    this.flush()
    this.#stream.end(done)
  }
}
