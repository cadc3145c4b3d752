import type { Readable } from 'node:stream'
import type { Frame, FrameKind } from './frame.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { decodeMessage } from './message-codec.ts'

/** What a reader is told: a batch comes as its messages, one by one. */
export type ReceivedKind = Exclude<FrameKind, 'batch' | 'attached'>

/**
 * Reads frames until the stream ends.
 *
 * @param onFrame - called with each message; must not throw.
 * @param onNonsense - called once when the bytes are no frames; the rest is thrown away.
 */
export function readFrames(
  stream: Readable,
  onFrame: (kind: ReceivedKind, message: unknown) => void,
  onNonsense: (error: Error) => void,
): void {
  const decoder = new FrameDecoder()
  const giveUp = (error: Error): void => {
    stream.off('data', read)
    stream.resume()
    onNonsense(error)
  }
  const read = (chunk: Buffer): void => {
    for (const frame of decoder.push(chunk)) {
      let messages: readonly unknown[]
      try {
        messages = decodeFrame(frame)
      } catch (error) {
        giveUp(error as Error)
        return
      }
      const kind = frame.kind === 'batch' || frame.kind === 'attached' ? 'message' : frame.kind
      for (const message of messages) onFrame(kind, message)
    }
    if (decoder.fault) giveUp(decoder.fault)
  }
  stream.on('data', read)
}

/** The messages of a frame; throws when they are none. */
function decodeFrame({ kind, payload, attachments }: Frame): readonly unknown[] {
  if (kind !== 'batch') return [decodeMessage(payload, attachments)]
  const messages: unknown = JSON.parse(payload.toString())
  if (!Array.isArray(messages)) throw new Error('A batch is an array of messages.')
  return messages
}
