import type { Framing } from './framing.ts'
import { GrowingBuffer } from './growing-buffer.ts'
import { inputTooLong } from './input-too-long.ts'

/** The widths that a length may have. Bytes. */
export type LengthWidth = 1 | 2 | 4

/** Messages that follow their length, a whole number in network byte order. */
export class LengthFraming implements Framing {
  readonly #width: LengthWidth
  readonly #maxInput: number
  readonly #header = new GrowingBuffer()
  /** The beginning of a message; grows with what arrives, not with what its header promises. */
  readonly #begun = new GrowingBuffer()
  /** Bytes of the message that has begun; undefined while its header is not complete. */
  #length: number | undefined
  #chunk: Buffer | undefined
  #offset = 0

  /**
   * @param width - bytes of the length.
   * @param maxInput - bytes of one message, its length not counted.
   */
  constructor(width: LengthWidth, maxInput: number) {
    this.#width = width
    this.#maxInput = maxInput
  }

  get pending(): boolean {
    return this.#chunk !== undefined
  }

  push(chunk: Buffer): void {
    this.#chunk = chunk
    this.#offset = 0
  }

  next(): Buffer | undefined {
    if (!this.#chunk) return undefined
    if (this.#length === undefined) {
      const header = this.#read(this.#header, this.#width)
      if (!header) return undefined
      this.#length = header.readUIntBE(0, this.#width)
      if (this.#length > this.#maxInput) {
        this.#chunk = undefined
        throw inputTooLong(this.#maxInput)
      }
    }
    const message = this.#read(this.#begun, this.#length)
    if (message) this.#length = undefined
    return message
  }

  encode(message: string | Uint8Array): Uint8Array {
    const body = typeof message === 'string' ? Buffer.from(message) : message
    const most = 2 ** (8 * this.#width) - 1
    if (body.length > most) {
      throw new RangeError(
        `A message of ${body.length} bytes does not fit a length of ${this.#width} bytes: it may have ${most}. Choose a wider lengthPrefix.`,
      )
    }
    const header = Buffer.allocUnsafe(this.#width)
    header.writeUIntBE(body.length, 0, this.#width)
    return Buffer.concat([header, body])
  }

  /** So many bytes, from what was kept and from the chunk; undefined, and all is kept, when they have not come. */
  #read(kept: GrowingBuffer, count: number): Buffer | undefined {
    const chunk = this.#chunk ?? NOTHING
    const piece = chunk.subarray(this.#offset, this.#offset + count - kept.length)
    this.#offset += piece.length
    if (this.#offset === chunk.length) this.#chunk = undefined
    if (kept.length === 0 && piece.length === count) return piece
    kept.append(piece)
    return kept.length === count ? kept.take() : undefined
  }
}

const NOTHING = Buffer.alloc(0)
