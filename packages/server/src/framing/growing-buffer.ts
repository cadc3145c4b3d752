/** Bytes that arrive in pieces, in one place: byte by byte costs no more than at once. */
export class GrowingBuffer {
  #bytes: Buffer = EMPTY
  #length = 0

  get length(): number {
    return this.#length
  }

  append(piece: Uint8Array): void {
    const length = this.#length + piece.length
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(SMALLEST, length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    this.#bytes.set(piece, this.#length)
    this.#length = length
  }

  /** The last bytes, at most `count`: a view, good until the next call. */
  tail(count: number): Buffer {
    return this.#bytes.subarray(Math.max(0, this.#length - count), this.#length)
  }

  /** Gives all away, and is empty. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = EMPTY
    this.#length = 0
    return taken
  }
}

const EMPTY = Buffer.alloc(0)
/** Bytes. */
const SMALLEST = 128
