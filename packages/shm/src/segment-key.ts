import { describe, SdError } from '@sd/core'

/** What fits twice into a page beside the bookkeeping. Bytes. */
const LONGEST_KEY = 1978

/** A byte that text in UTF-8 never has. */
const BEYOND = Buffer.of(0xff)

/**
 * @returns its bytes; they sort as the characters do.
 * @throws SdError `SD_SHM_KEY`.
 */
export function encodeKey(key: unknown): Buffer {
  if (typeof key === 'string' && key !== '' && key.isWellFormed()) {
    const bytes = Buffer.from(key)
    if (bytes.length <= LONGEST_KEY) return bytes
  }
  const shown = typeof key === 'string' ? JSON.stringify(key.slice(0, 80)) : describe(key)
  const message = `A key must be a text of 1 to ${LONGEST_KEY} bytes in UTF-8, not ${shown}.`
  throw new SdError('SD_SHM_KEY', message, { key })
}

/** All keys that begin with `prefix`: from it up to, and without, what follows all of them. */
export function encodePrefix(prefix: string): { start: Buffer; end: Buffer } {
  if (prefix === '') return { start: Buffer.of(0), end: BEYOND }
  const start = encodeKey(prefix)
  // No longer than the prefix, which may have the length of the longest key already. No byte of UTF-8 is the last one.
  const end = Buffer.from(start)
  end[end.length - 1]!++
  return { start, end }
}
