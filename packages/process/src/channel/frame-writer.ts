import { LONGEST_BATCH, LONGEST_MESSAGE } from './frame.ts'
import { encodeAsciiBatch, encodeAttaching, encodeBatch, encodeText, tooLargeError } from './frame-encoder.ts'
import { JsonCheck } from './json-check.ts'
import { Outbox } from './outbox.ts'
import { ScratchPool } from './scratch-pool.ts'

/** What is written to: a stream, or as much of one. */
export interface FrameSink {
  readonly writable: boolean
  readonly writableLength: number
  write(chunk: Uint8Array | string, encoding: 'latin1', done?: () => void): unknown
  write(chunk: Uint8Array | string, done?: () => void): unknown
  end(done: () => void): unknown
}

/** From this many bytes on it is not worth waiting for more. */
const FULL = LONGEST_BATCH

/**
 * Writes messages and frames: those of one turn of the program, with all the promises that it settles, travel in
 * one write. A message is taken down at once, so that it may be changed afterwards.
 */
export class FrameWriter {
  readonly #stream: FrameSink
  readonly #jsonCheck = new JsonCheck()
  readonly #scratch = new ScratchPool()
  #outbox: Outbox | undefined
  /** Messages in JSON that are not yet a frame. */
  #texts = ''
  #frames: Buffer[] = []
  #length = 0
  #scheduled = false

  constructor(stream: FrameSink) {
    this.#stream = stream
  }

  /** Bytes that the other side has not taken: the sign to hold back. */
  get buffered(): number {
    return this.#texts.length + this.#length + this.#stream.writableLength
  }

  /**
   * @param ownLevels - see {@link JsonCheck.passes}: saves time.
   * @returns false when nothing can be written any more.
   * @throws DOMException `DataCloneError` when structured clone does not take the message.
   * @throws RangeError with code `SD_PROCESS_MESSAGE_TOO_LARGE`.
   */
  send(message: unknown, ownLevels?: number): boolean {
    if (this.#jsonCheck.passes(message, ownLevels)) return this.#sendText(JSON.stringify(message))
    const { frame, following } = encodeAttaching(message, this.#outbox)
    if (!this.write(frame)) return false
    if (following.length > 0) this.#writeAttachments(following)
    return true
  }

  /** Puts large binary data into a file from now on, which the other side reads. */
  share(file: number): void {
    this.#outbox = new Outbox(file)
  }

  /** Tells the other side which places in its shared file were read. */
  sendTaken(places: readonly number[]): void {
    this.write(encodeBatch(places.join(), 'taken'))
  }

  /** The other side has read these places in the shared file. */
  release(places: readonly number[]): void {
    for (const place of places) this.#outbox?.release(place)
  }

  /** @returns false when nothing can be written any more. */
  write(frame: Buffer): boolean {
    if (!this.#stream.writable) return false
    this.#closeBatch()
    if (frame.length >= FULL) {
      // Alone, because joining it with the others would copy it.
      this.flush()
      this.#stream.write(frame)
    } else this.#add(frame)
    return true
  }

  /** Hands everything to the system now, as far as it takes it. */
  flush = (): void => {
    this.#scheduled = false
    if (this.#frames.length === 0) return this.#flushTexts()
    this.#closeBatch()
    const frames = this.#frames
    this.#frames = []
    this.#length = 0
    if (this.#stream.writable) this.#stream.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames))
  }

  /** A batch alone, as it almost always is, needs no memory of its own on its way to the system. */
  #flushTexts(): void {
    if (this.#texts === '') return
    const texts = this.#texts
    this.#texts = ''
    if (!this.#stream.writable) return
    const text = encodeAsciiBatch(texts)
    if (text === undefined) this.#stream.write(encodeBatch(texts))
    else this.#stream.write(text, 'latin1')
  }

  /** Calls `done` when the system has taken all that was sent until now, or when it never will. */
  whenFlushed(done: () => void): void {
    this.flush()
    this.#stream.write(encodeBatch(''), done)
  }

  /** Calls `done` when all is written, or when it cannot be. */
  end(done: () => void): void {
    this.flush()
    this.#stream.end(done)
  }

  #sendText(text: string): boolean {
    if (!this.#stream.writable) return false
    if (text.length * 3 > LONGEST_MESSAGE && Buffer.byteLength(text) + 2 > LONGEST_MESSAGE) {
      throw tooLargeError(Buffer.byteLength(text) + 2)
    }
    if (text.length > LONGEST_BATCH) return this.write(encodeText(text))
    // With the comma.
    if (this.#texts.length + text.length >= LONGEST_BATCH) this.#closeBatch()
    this.#texts = this.#texts === '' ? text : `${this.#texts},${text}`
    if (this.#texts.length + this.#length >= FULL) this.flush()
    else this.#schedule()
    return true
  }

  #add(frame: Buffer): void {
    this.#frames.push(frame)
    this.#length += frame.length
    if (this.#length >= FULL) this.flush()
    else this.#schedule()
  }

  #closeBatch(): void {
    if (this.#texts === '') return
    const frame = encodeBatch(this.#texts)
    this.#texts = ''
    this.#frames.push(frame)
    this.#length += frame.length
  }

  /** Copied, because the system takes them little by little, and their owner may change them meanwhile. */
  #writeAttachments(attachments: readonly Uint8Array[]): void {
    this.flush()
    for (const attachment of attachments) {
      const copy = this.#scratch.copy(attachment)
      this.#stream.write(copy, () => this.#scratch.giveBack(copy))
    }
  }

  /** A tick comes after all promises that this turn settles, and the messages that they send. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(this.flush)
  }
}
