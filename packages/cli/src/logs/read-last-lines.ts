import { fstatSync, readSync } from 'node:fs'

/** Bytes that are read at a time. */
const PIECE = 64 * 1024

/** Bytes that are looked at: a file without ends of lines must not fill the memory. */
const MOST = 64 * 1024 * 1024

const LINE_FEED = 0x0a

/** The last lines of an open file, which may be larger than memory. */
export function readLastLines(descriptor: number, count: number): string[] {
  if (count === 0) return []
  const pieces: Buffer[] = []
  let ends = 0
  const { size } = fstatSync(descriptor)
  // One end of a line more than lines: the last line has one, too.
  for (let from = size; from > 0 && ends <= count && size - from < MOST; ) {
    const length = Math.min(PIECE, from)
    from -= length
    const piece = Buffer.alloc(length)
    readSync(descriptor, piece, 0, length, from)
    pieces.unshift(piece)
    for (const byte of piece) if (byte === LINE_FEED) ends++
  }
  const text = Buffer.concat(pieces).toString().trimEnd()
  return text === '' ? [] : text.split('\n').slice(-count)
}
