import { FRAME_KINDS, type FrameKind, HEADER_LENGTH, LONGEST_MESSAGE } from './frame.ts'
import { encodeMessage } from './message-codec.ts'

/**
 * @throws DOMException `DataCloneError` when structured clone does not take the message.
 * @throws RangeError with code `SD_PROCESS_MESSAGE_TOO_LARGE`.
 */
export function encodeFrame(kind: FrameKind, message?: unknown): Buffer {
  const frame = encodeMessage(message, HEADER_LENGTH)
  const length = frame.length - HEADER_LENGTH
  if (length > LONGEST_MESSAGE) {
    const text = `A message of ${length} bytes is too large: the limit is ${LONGEST_MESSAGE}. Send it in parts, or through a file.`
    throw Object.assign(new RangeError(text), { code: 'SD_PROCESS_MESSAGE_TOO_LARGE', length })
  }
  frame.writeUInt32BE(length + 1, 0)
  frame.writeUInt8(FRAME_KINDS.indexOf(kind), 4)
  return frame
}
