import { FRAME_KINDS, type Frame, type FrameKind, HEADER_LENGTH, LONGEST_MESSAGE } from './frame.ts'
import { attachmentLengths } from './message-codec.ts'

/** A frame of which not everything has come. */
interface UnfinishedFrame {
  readonly kind: FrameKind
  readonly payload: Buffer
  attachments: readonly ArrayBuffer[]
  /** What is still to be filled, in order. */
  empty: Uint8Array[]
}

/** Cuts a stream of bytes into frames. A frame that comes whole is not copied, any other once. */
export class FrameDecoder {
  readonly #header = Buffer.alloc(HEADER_LENGTH)
  #headerLength = 0
  #unfinished: UnfinishedFrame | undefined

  /** Why these bytes are no frames; nothing after it is decoded. */
  fault: Error | undefined

  /** The frames that `chunk` completes. */
  push(chunk: Buffer): readonly Frame[] {
    const frames: Frame[] = []
    let at = 0
    while (at < chunk.length && !this.fault) {
      at = this.#unfinished ? this.#fill(chunk, at, frames) : this.#begin(chunk, at, frames)
    }
    return frames
  }

  /** Takes a header, and the payload where it is all there. */
  #begin(chunk: Buffer, at: number, frames: Frame[]): number {
    const missing = HEADER_LENGTH - this.#headerLength
    if (chunk.length - at < missing) {
      this.#headerLength += chunk.copy(this.#header, this.#headerLength, at)
      return chunk.length
    }
    if (missing < HEADER_LENGTH) chunk.copy(this.#header, this.#headerLength, at, at + missing)
    const [header, start] = missing < HEADER_LENGTH ? [this.#header, 0] : [chunk, at]
    this.#headerLength = 0
    const length = header.readUInt32BE(start) - 1
    const kind = FRAME_KINDS[header[start + 4]!]
    if (length < 0 || length > LONGEST_MESSAGE || kind === undefined) {
      this.fault = new Error(
        `No frame begins with the bytes ${header.toString('hex', start, start + HEADER_LENGTH)}.`,
      )
      return chunk.length
    }
    const from = at + missing
    const whole = chunk.length - from >= length
    const payload = whole ? chunk.subarray(from, from + length) : Buffer.allocUnsafeSlow(length)
    this.#unfinished = { kind, payload, attachments: [], empty: whole ? [] : [payload] }
    if (!whole) return from
    this.#completePayload(frames)
    return from + length
  }

  #fill(chunk: Buffer, at: number, frames: Frame[]): number {
    const unfinished = this.#unfinished!
    const target = unfinished.empty[0]!
    const end = Math.min(chunk.length, at + target.length)
    target.set(chunk.subarray(at, end))
    if (end - at < target.length) {
      unfinished.empty[0] = target.subarray(end - at)
      return end
    }
    unfinished.empty.shift()
    if (unfinished.attachments.length === 0) this.#completePayload(frames)
    else if (unfinished.empty.length === 0) this.#complete(frames)
    return end
  }

  #completePayload(frames: Frame[]): void {
    const unfinished = this.#unfinished!
    if (unfinished.kind !== 'attached') return this.#complete(frames)
    try {
      this.#expectAttachments(unfinished, attachmentLengths(unfinished.payload))
    } catch (error) {
      this.fault = error as Error
    }
  }

  #expectAttachments(unfinished: UnfinishedFrame, lengths: readonly number[]): void {
    const sum = lengths.reduce((total, length) => total + length, 0)
    if (sum > LONGEST_MESSAGE || lengths.includes(0)) throw new Error('It lists attachments that cannot be.')
    unfinished.attachments = lengths.map((length) => Buffer.allocUnsafeSlow(length).buffer)
    unfinished.empty = unfinished.attachments.map((attachment) => new Uint8Array(attachment))
  }

  #complete(frames: Frame[]): void {
    const { kind, payload, attachments } = this.#unfinished!
    this.#unfinished = undefined
    frames.push({ kind, payload, attachments })
  }
}
