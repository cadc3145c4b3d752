import type { Readable } from 'node:stream'
import type { FrameKind } from './frame.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { decodeMessage } from './message-codec.ts'

/**
 * Reads frames until the stream ends.
 *
 * @param onFrame - called with each frame; must not throw.
 * @param onNonsense - called once when the bytes are no frames; the rest is thrown away.
 */
export function readFrames(
  stream: Readable,
  onFrame: (kind: FrameKind, message: unknown) => void,
  onNonsense: (error: Error) => void,
): void {
  const decoder = new FrameDecoder()
  const giveUp = (error: Error): void => {
    stream.off('data', read)
    stream.resume()
    onNonsense(error)
  }
  const read = (chunk: Buffer): void => {
    for (const { kind, payload } of decoder.push(chunk)) {
      let message: unknown
      try {
        message = decodeMessage(payload)
      } catch (error) {
        giveUp(error as Error)
        return
      }
      onFrame(kind, message)
    }
    if (decoder.fault) giveUp(decoder.fault)
  }
  stream.on('data', read)
}
