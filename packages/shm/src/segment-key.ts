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

/** All keys that begin with `prefix`. */
export function encodePrefix(prefix: string): { start: Buffer; end: Buffer } {
  const start = prefix === '' ? Buffer.of(0) : encodeKey(prefix)
  return { start, end: Buffer.concat([prefix === '' ? Buffer.alloc(0) : start, BEYOND]) }
}
