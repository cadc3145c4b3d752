import type { Readable } from 'node:stream'
import type { Frame, FrameKind } from './frame.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { decodeMessage } from './message-codec.ts'

/** What a reader is told: a batch comes as its messages, one by one. */
export type ReceivedKind = Exclude<FrameKind, 'batch' | 'attached' | 'taken'>

/** What a reader does with what it reads. */
export interface FrameReading {
  /** The file in which the sender puts binary data. */
  readonly shared?: number | undefined
  /** Called with each message; must not throw. */
  onFrame(kind: ReceivedKind, message: unknown): void
  /** Called with the places in the shared file that were read, to tell the sender. */
  onTaken(places: readonly number[]): void
  /** Called when the other side has read these places. */
  onReleased(places: readonly number[]): void
  /** Called once when the bytes are no frames; the rest is thrown away. */
  onNonsense(error: Error): void
}

/**
 * Nanoseconds of work after which everything else of the process gets its turn. Measured by `process.hrtime`: the first use of
 * `performance` loads nine modules, in each child that starts.
 */
const LONGEST_TURN = 10_000_000n

/**
 * Reads frames until the stream ends.
 *
 * @returns ends it: from the next message on, all is thrown away.
 */
export function readFrames(stream: Readable, reading: FrameReading): () => void {
  const decoder = new FrameDecoder(reading.shared)
  let isReading = true
  const stop = (): void => {
    isReading = false
    stream.off('data', read)
    stream.resume()
  }
  const giveUp = (error: Error): void => {
    stop()
    reading.onNonsense(error)
  }
  const deliver = (kind: FrameKind, messages: readonly unknown[]): void => {
    if (kind === 'taken') return reading.onReleased(messages as number[])
    const received = kind === 'batch' || kind === 'attached' ? 'message' : kind
    for (const message of messages) {
      if (!isReading) return
      reading.onFrame(received, message)
    }
  }
  const read = (chunk: Buffer): void => {
    const begun = process.hrtime.bigint()
    for (const frame of decoder.push(chunk)) {
      if (!isReading) return
      let messages: readonly unknown[]
      try {
        messages = decodeFrame(frame)
      } catch (error) {
        giveUp(error as Error)
        return
      }
      deliver(frame.kind, messages)
    }
    if (!isReading) return
    if (decoder.taken.length > 0) {
      reading.onTaken(decoder.taken)
      decoder.taken = []
    }
    if (decoder.fault) return giveUp(decoder.fault)
    if (process.hrtime.bigint() - begun < LONGEST_TURN) return
    // As long as there is more to read, libuv would go on with this stream alone.
    stream.pause()
    setImmediate(() => stream.resume())
  }
  stream.on('data', read)
  return stop
}

/** The messages of a frame; throws when they are none. */
function decodeFrame({ kind, payload, attachments }: Frame): readonly unknown[] {
  if (kind !== 'batch' && kind !== 'taken') return [decodeMessage(payload, attachments)]
  const messages: unknown = JSON.parse(payload.toString())
  if (!Array.isArray(messages)) throw new Error('It is not an array.')
  return messages
}
