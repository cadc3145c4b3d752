import { FRAME_KINDS, type Frame, HEADER_LENGTH, LONGEST_MESSAGE } from './frame.ts'

/** Cuts a stream of bytes into frames. A frame that comes in many chunks is copied once. */
export class FrameDecoder {
  #chunks: Buffer[] = []
  #length = 0
  #needed = HEADER_LENGTH

  /** Why these bytes are no frames; nothing after it is decoded. */
  fault: Error | undefined

  /** The frames that `chunk` completes. */
  push(chunk: Buffer): readonly Frame[] {
    if (this.fault) return []
    this.#chunks.push(chunk)
    this.#length += chunk.length
    return this.#length < this.#needed ? [] : this.#cut()
  }

  #cut(): readonly Frame[] {
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#length)
    const frames: Frame[] = []
    let start = 0
    this.#needed = HEADER_LENGTH
    while (bytes.length - start >= HEADER_LENGTH) {
      const length = bytes.readUInt32BE(start)
      const kind = FRAME_KINDS[bytes[start + 4]!]
      if (length < 1 || length > LONGEST_MESSAGE + 1 || kind === undefined) {
        this.fault = new Error(`No frame begins with the bytes ${bytes.toString('hex', start, start + 16)}.`)
        break
      }
      const end = start + 4 + length
      if (end > bytes.length) {
        this.#needed = end - start
        break
      }
      frames.push({ kind, payload: bytes.subarray(start + HEADER_LENGTH, end) })
      start = end
    }
    this.#chunks = start < bytes.length ? [bytes.subarray(start)] : []
    this.#length = bytes.length - start
    return frames
  }
}
