import { SdError } from '@sd/core'
import type { Framing } from './framing.ts'
import { GrowingBuffer } from './growing-buffer.ts'
import { inputTooLong } from './input-too-long.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Messages that end with a delimiter. Where that is a line feed, a carriage return before it belongs to it. */
export class LineFraming implements Framing {
  readonly #text: string
  readonly #delimiter: Buffer
  readonly #isLineFeed: boolean
  readonly #maxInput: number
  /** The beginning of a message whose end has not come. */
  readonly #begun = new GrowingBuffer()
  #chunk: Buffer | undefined
  #offset = 0

  /** @param maxInput - bytes of one message, its delimiter not counted. */
  constructor(delimiter: string, maxInput: number) {
    this.#text = delimiter
    this.#delimiter = Buffer.from(delimiter)
    this.#isLineFeed = this.#delimiter.length === 1 && this.#delimiter[0] === LINE_FEED
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
    const chunk = this.#chunk
    if (!chunk) return undefined
    const atBorder = this.#endAtBorder(chunk)
    if (atBorder !== undefined) return atBorder
    const index = this.#isLineFeed
      ? chunk.indexOf(LINE_FEED, this.#offset)
      : chunk.indexOf(this.#delimiter, this.#offset)
    if (index === -1) return this.#keepRest(chunk)
    const piece = chunk.subarray(this.#offset, index)
    this.#moveTo(index + this.#delimiter.length, chunk)
    if (this.#begun.length === 0) return this.#finish(piece)
    this.#refuse(this.#begun.length + piece.length > this.#most)
    this.#begun.append(piece)
    return this.#finish(this.#begun.take())
  }

  encode(message: string | Uint8Array): string | Uint8Array {
    if (typeof message === 'string') {
      const framed = message.endsWith(this.#text) ? message : message + this.#text
      this.#mustBeOne(framed.indexOf(this.#text) === framed.length - this.#text.length, message)
      return framed
    }
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
    const ends = bytes.subarray(-this.#delimiter.length).equals(this.#delimiter)
    const framed = ends ? bytes : Buffer.concat([bytes, this.#delimiter])
    this.#mustBeOne(framed.indexOf(this.#delimiter) === framed.length - this.#delimiter.length, message)
    return framed
  }

  /** A line of its own for each delimiter would put the client out of step with its questions. */
  join(text: string): string {
    const end = text.endsWith(this.#text) ? text.length - this.#text.length : text.length
    return text.slice(0, end).replaceAll(this.#isLineFeed ? /\r?\n/g : this.#text, ' ')
  }

  #mustBeOne(isOne: boolean, message: string | Uint8Array): void {
    if (isOne) return
    const start = Buffer.from(message.slice(0, 40)).toString()
    const text = `The message contains the delimiter ${JSON.stringify(this.#text)}: the client would take it for several (${JSON.stringify(start)}…). Send each part as a message, use client.write() for bytes as they are, or the option framing: { lengthPrefix: 4 }.`
    throw new SdError('SD_SERVER_OUTPUT', text, { delimiter: this.#text })
  }

  complain(): string {
    return `error: a message may have ${this.#maxInput} bytes`
  }

  /** What an unfinished message may have: a part of its delimiter may be among it. */
  get #most(): number {
    return this.#maxInput + (this.#isLineFeed ? 1 : this.#delimiter.length - 1)
  }

  /** A delimiter of several bytes may have begun in the chunk before. */
  #endAtBorder(chunk: Buffer): Buffer | undefined {
    const { length } = this.#delimiter
    if (length === 1 || this.#offset > 0 || this.#begun.length === 0) return undefined
    const tail = this.#begun.tail(length - 1)
    const index = Buffer.concat([tail, chunk.subarray(0, length - 1)]).indexOf(this.#delimiter)
    if (index === -1) return undefined
    this.#moveTo(index + length - tail.length, chunk)
    const end = this.#begun.length - tail.length + index
    return this.#finish(this.#begun.take().subarray(0, end))
  }

  #keepRest(chunk: Buffer): undefined {
    const rest = chunk.subarray(this.#offset)
    this.#chunk = undefined
    this.#refuse(this.#begun.length + rest.length > this.#most)
    if (rest.length > 0) this.#begun.append(rest)
  }

  #moveTo(offset: number, chunk: Buffer): void {
    if (offset < chunk.length) this.#offset = offset
    else this.#chunk = undefined
  }

  #finish(line: Buffer): Buffer {
    const message = this.#isLineFeed && line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
    this.#refuse(message.length > this.#maxInput)
    return message
  }

  #refuse(isTooLong: boolean): void {
    if (!isTooLong) return
    this.#chunk = undefined
    this.#begun.take()
    throw inputTooLong(this.#maxInput)
  }
}
