import { writeAttachmentList } from './attachment-list.ts'
import { ATTACH_FROM, FRAME_KINDS, type FrameKind, HEADER_LENGTH, LONGEST_MESSAGE } from './frame.ts'
import { JsonCheck } from './json-check.ts'
import { bytesOf, encodeMessage } from './message-codec.ts'
import type { Outbox } from './outbox.ts'

/** Characters up to which a text is written faster than a Buffer is made of it. */
const SHORT = 2048

const BATCH = FRAME_KINDS.indexOf('batch')

/** A frame, and the binary data that follows it. */
export interface EncodedFrame {
  readonly frame: Buffer
  readonly following: readonly Uint8Array[]
}

/**
 * One frame with one message, in JSON where that carries it as faithfully as structured clone does.
 *
 * @throws DOMException `DataCloneError` when structured clone does not take the message.
 * @throws RangeError with code `SD_PROCESS_MESSAGE_TOO_LARGE`.
 */
export function encodeFrame(kind: FrameKind, message?: unknown): Buffer {
  if (message === undefined) return seal(kind, Buffer.alloc(HEADER_LENGTH))
  if (!new JsonCheck().passes(message)) return seal(kind, encodeMessage(message, HEADER_LENGTH).bytes)
  return sealText(kind, JSON.stringify(message))
}

/**
 * The same for a message whose large binary data is to travel beside it. Throws as {@link encodeFrame} does.
 *
 * @param outbox - where binary data goes as long as there is room.
 */
export function encodeAttaching(message: unknown, outbox: Outbox | undefined): EncodedFrame {
  const { bytes, attachments } = encodeMessage(message, HEADER_LENGTH, ATTACH_FROM)
  if (attachments.length === 0) return { frame: seal('message', bytes), following: [] }
  const attached = attachments.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (bytes.length + attached > LONGEST_MESSAGE) throw tooLargeError(bytes.length + attached)
  const contents = attachments.map(bytesOf)
  const entries = contents.map((content) => ({ length: content.length, place: outbox?.put(content) }))
  const frame = seal('attached', Buffer.concat([bytes, writeAttachmentList(entries)]))
  return { frame, following: contents.filter((_, index) => entries[index]!.place === undefined) }
}

/**
 * A frame with many messages.
 *
 * @param texts - their JSON, with commas between them.
 */
export function encodeBatch(texts: string, kind: 'batch' | 'taken' = 'batch'): Buffer {
  return sealText(kind, `[${texts}]`)
}

/** A frame with one message. @param text - its JSON. */
export function encodeText(text: string): Buffer {
  return sealText('message', text)
}

/**
 * The same frame as a text in which each character stands for a byte.
 *
 * @returns undefined when not everything in it is ASCII, or it is so long that a Buffer is made faster.
 */
export function encodeAsciiBatch(texts: string): string | undefined {
  if (texts.length > SHORT || Buffer.byteLength(texts) !== texts.length) return undefined
  const length = texts.length + '[]'.length + 1
  const header = String.fromCharCode(
    length >>> 24,
    (length >>> 16) & 255,
    (length >>> 8) & 255,
    length & 255,
    BATCH,
  )
  return `${header}[${texts}]`
}

/** The error for a message that is too long to be sent. */
export function tooLargeError(length: number): RangeError {
  const text = `A message of ${length} bytes is too large: the limit is ${LONGEST_MESSAGE}. Send it in parts, or through a file.`
  return Object.assign(new RangeError(text), { code: 'SD_PROCESS_MESSAGE_TOO_LARGE', length })
}

function sealText(kind: FrameKind, text: string): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_LENGTH + Buffer.byteLength(text))
  frame.write(text, HEADER_LENGTH)
  return seal(kind, frame)
}

/** Fills in the header. */
function seal(kind: FrameKind, frame: Buffer): Buffer {
  const length = frame.length - HEADER_LENGTH
  if (length > LONGEST_MESSAGE) throw tooLargeError(length)
  frame.writeUInt32BE(length + 1, 0)
  frame.writeUInt8(FRAME_KINDS.indexOf(kind), 4)
  return frame
}
