import { deserialize } from 'node:v8'
import { FORM, HEADER } from './frame.ts'

type OnFrame = (call: number, method: number, value: unknown) => void

/** Takes frames out of the chunks in which they arrive. */
export class FrameReader {
  readonly #onFrame: OnFrame
  /** A frame whose end has not arrived, and how much of it has. */
  #partial: Buffer | undefined
  #filled = 0

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame
  }

  readonly read = (chunk: Buffer): void => {
    let start = this.#partial ? this.#complete(chunk) : 0
    while (chunk.length - start >= HEADER) {
      const end = start + HEADER + chunk.readUInt32LE(start)
      if (end > chunk.length) break
      this.#deliver(chunk, start, end)
      start = end
    }
    if (start < chunk.length) this.#keep(chunk, start)
  }

  /** @returns where the next frame starts in the chunk. */
  #complete(chunk: Buffer): number {
    let start = 0
    if (this.#filled < HEADER) {
      const missing = Math.min(HEADER - this.#filled, chunk.length)
      chunk.copy(this.#partial!, this.#filled, 0, missing)
      this.#filled += missing
      start = missing
      if (this.#filled < HEADER) return start
      this.#grow()
    }
    const partial = this.#partial!
    const copied = chunk.copy(partial, this.#filled, start)
    this.#filled += copied
    if (this.#filled === partial.length) {
      this.#partial = undefined
      this.#deliver(partial, 0, partial.length)
    }
    return start + copied
  }

  #keep(chunk: Buffer, start: number): void {
    this.#partial = Buffer.allocUnsafeSlow(HEADER)
    this.#filled = chunk.copy(this.#partial, 0, start, start + HEADER)
    if (this.#filled < HEADER) return
    this.#grow()
    this.#filled += chunk.copy(this.#partial, HEADER, start + HEADER)
  }

  /** From room for the header to room for the frame. */
  #grow(): void {
    const header = this.#partial!
    this.#partial = Buffer.allocUnsafeSlow(HEADER + header.readUInt32LE(0))
    header.copy(this.#partial)
  }

  #deliver(bytes: Buffer, start: number, end: number): void {
    const form = bytes[start + 9]
    const from = start + HEADER
    const value =
      form === FORM.json
        ? JSON.parse(bytes.toString('utf8', from, end))
        : form === FORM.v8
          ? deserialize(bytes.subarray(from, end))
          : form === FORM.bytes
            ? bytes.subarray(from, end)
            : undefined
    this.#onFrame(bytes.readUInt32LE(start + 4), bytes[start + 8]!, value)
  }
}
