import { readSync } from 'node:fs'
import { type AttachmentEntry, readAttachmentList } from './attachment-list.ts'
import { FRAME_KINDS, type Frame, type FrameKind, HEADER_LENGTH, longestPayload } from './frame.ts'

/** A frame of which not everything has come. */
interface UnfinishedFrame {
  readonly kind: FrameKind
  readonly payload: Buffer
  readonly attachments: (ArrayBuffer | undefined)[]
}

/**
 * Bytes that are still to come, and those of them that have. Memory is taken as they come, because their number is
 * only what the other side says.
 */
interface Expected {
  readonly length: number
  readonly chunks: Buffer[]
  missing: number
  /** Takes them all. */
  complete(bytes: Buffer): void
}

/** Cuts a stream of bytes into frames. A frame that comes whole is not copied, any other once. */
export class FrameDecoder {
  readonly #header = Buffer.alloc(HEADER_LENGTH)
  readonly #shared: number | undefined
  #headerLength = 0
  #expected: Expected | undefined
  #frames: Frame[] = []

  /** Why these bytes are no frames; nothing after it is decoded. */
  fault: Error | undefined

  /** Places in the shared file from which everything was read. */
  taken: number[] = []

  /** @param shared - the file in which the sender puts binary data. */
  constructor(shared?: number) {
    this.#shared = shared
  }

  /** The frames that `chunk` completes. */
  push(chunk: Buffer): readonly Frame[] {
    this.#frames = []
    let at = 0
    while (at < chunk.length && !this.fault)
      at = this.#expected ? this.#fill(chunk, at) : this.#begin(chunk, at)
    return this.#frames
  }

  /** Takes a header, and the payload where it is all there. */
  #begin(chunk: Buffer, at: number): number {
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
    if (kind === undefined || length < 0 || length > longestPayload(kind)) {
      const bytes = header.toString('hex', start, start + HEADER_LENGTH)
      this.fault = new Error(`No frame begins with the bytes ${bytes}.`)
      return chunk.length
    }
    const from = at + missing
    if (chunk.length - from < length) {
      this.#expect(length, (payload) => this.#completePayload(kind, payload))
      return from
    }
    this.#completePayload(kind, chunk.subarray(from, from + length))
    return from + length
  }

  #expect(length: number, complete: (bytes: Buffer) => void): void {
    this.#expected = { length, chunks: [], missing: length, complete }
  }

  #fill(chunk: Buffer, at: number): number {
    const expected = this.#expected!
    const end = Math.min(chunk.length, at + expected.missing)
    expected.chunks.push(chunk.subarray(at, end))
    expected.missing -= end - at
    if (expected.missing === 0) {
      this.#expected = undefined
      expected.complete(Buffer.concat(expected.chunks, expected.length))
    }
    return end
  }

  #completePayload(kind: FrameKind, payload: Buffer): void {
    if (kind !== 'attached') {
      this.#frames.push({ kind, payload, attachments: [] })
      return
    }
    try {
      const entries = readAttachmentList(payload)
      const attachments = entries.map((entry) => this.#readShared(entry))
      this.#completeAttachments({ kind, payload, attachments }, entries, 0)
    } catch (error) {
      this.fault = error as Error
    }
  }

  /** Waits for the attachments that follow the frame, one after the other. @param done - how many are there. */
  #completeAttachments(unfinished: UnfinishedFrame, entries: readonly AttachmentEntry[], done: number): void {
    const { kind, payload, attachments } = unfinished
    let next = done
    while (next < entries.length && attachments[next] !== undefined) next++
    if (next === entries.length) {
      this.#frames.push({ kind, payload, attachments: attachments as ArrayBuffer[] })
      return
    }
    this.#expect(entries[next]!.length, (bytes) => {
      attachments[next] = toOwnBuffer(bytes)
      this.#completeAttachments(unfinished, entries, next + 1)
    })
  }

  /** @returns undefined when the attachment is not in the shared file. */
  #readShared({ length, place }: AttachmentEntry): ArrayBuffer | undefined {
    if (place === undefined) return undefined
    const target = Buffer.allocUnsafeSlow(length)
    for (let done = 0; done < length; ) {
      const count =
        this.#shared === undefined ? 0 : readSync(this.#shared, target, done, length - done, place + done)
      if (count === 0) throw new Error('It lists an attachment that is not there.')
      done += count
    }
    this.taken.push(place)
    return target.buffer
  }
}

/** Small buffers are parts of a larger one, which is nobody else's business. */
function toOwnBuffer(bytes: Buffer): ArrayBuffer {
  if (bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer as ArrayBuffer
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}
