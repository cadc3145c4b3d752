import { readSync } from 'node:fs'
import { FRAME_KINDS, type FrameKind, HEADER_LENGTH } from './frame.ts'
import { decodeMessage } from './message-codec.ts'

/**
 * Reads the first frame of a pipe and waits for it, so that a child knows what it is to do before it runs
 * anything else. Takes not one byte more.
 *
 * @returns undefined when the pipe ended before.
 */
export function readFirstFrame(
  fd: number,
): { readonly kind: FrameKind | undefined; readonly message: unknown } | undefined {
  const header = readExactly(fd, HEADER_LENGTH)
  const payload = header && readExactly(fd, header.readUInt32BE(0) - 1)
  return payload && { kind: FRAME_KINDS[header.readUInt8(4)], message: decodeMessage(payload) }
}

function readExactly(fd: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length)
  for (let start = 0; start < length; ) {
    const count = readSync(fd, bytes, start, length - start, null)
    if (count === 0) return undefined
    start += count
  }
  return bytes
}
