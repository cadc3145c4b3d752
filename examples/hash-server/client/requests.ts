import { createHash } from 'node:crypto'

/** A line to send, and the line that must come back. */
export interface Request {
  readonly line: string
  readonly answer: string
}

const ALGORITHMS = ['md5', 'sha1', 'sha256', 'sha512', 'sha3-256']
const WORDS = ['daemon', 'Grüße', '日本語', '👋🏽', 'hash it']

/** Different requests, with the answers as this process computes them. */
export function makeRequests(count: number): Request[] {
  return Array.from({ length: count }, (_, index) => {
    const algorithm = ALGORITHMS[index % ALGORITHMS.length]!
    const text = `${index} ${WORDS[index % 7] ?? ''}`.repeat(1 + (index % 11))
    const answer = createHash(algorithm).update(text).digest('hex')
    return { line: `hash ${algorithm} ${text}`, answer }
  })
}
