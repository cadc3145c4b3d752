import { FRAME_KINDS, type FrameKind, HEADER_LENGTH, LONGEST_MESSAGE } from './frame.ts'
import { encodeMessage } from './message-codec.ts'

/** Binary data of this many bytes or more travels beside its message, because copying it into one costs more. */
const ATTACH_FROM = 32 * 1024

/** A frame, and the binary data that follows it. */
export interface EncodedFrame {
  readonly frame: Buffer
  readonly attachments: readonly NodeJS.ArrayBufferView[]
}

/**
 * One frame with one message in structured clone's format.
 *
 * @throws DOMException `DataCloneError` when structured clone does not take the message.
 * @throws RangeError with code `SD_PROCESS_MESSAGE_TOO_LARGE`.
 */
export function encodeFrame(kind: FrameKind, message?: unknown): Buffer {
  return seal(kind, encodeMessage(message, HEADER_LENGTH).bytes)
}

/** The same for a message whose large binary data is to travel beside it. Throws as {@link encodeFrame} does. */
export function encodeAttaching(message: unknown): EncodedFrame {
  const { bytes, attachments } = encodeMessage(message, HEADER_LENGTH, ATTACH_FROM)
  if (attachments.length === 0) return { frame: seal('message', bytes), attachments }
  const attached = attachments.reduce((sum, { byteLength }) => sum + byteLength, 0)
  return { frame: seal('attached', bytes, attached), attachments }
}

/**
 * A frame with many messages.
 *
 * @param texts - their JSON, with commas between them.
 */
export function encodeBatch(texts: string): Buffer {
  const text = `[${texts}]`
  const frame = Buffer.allocUnsafe(HEADER_LENGTH + Buffer.byteLength(text))
  frame.write(text, HEADER_LENGTH)
  return seal('batch', frame)
}

/** The error for a message that is too long to be sent. */
export function tooLargeError(length: number): RangeError {
  const text = `A message of ${length} bytes is too large: the limit is ${LONGEST_MESSAGE}. Send it in parts, or through a file.`
  return Object.assign(new RangeError(text), { code: 'SD_PROCESS_MESSAGE_TOO_LARGE', length })
}

/** Fills in the header. */
function seal(kind: FrameKind, frame: Buffer, attached = 0): Buffer {
  const length = frame.length - HEADER_LENGTH
  if (length + attached > LONGEST_MESSAGE) throw tooLargeError(length + attached)
  frame.writeUInt32BE(length + 1, 0)
  frame.writeUInt8(FRAME_KINDS.indexOf(kind), 4)
  return frame
}
