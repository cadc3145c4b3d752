/** Bytes that are remembered. */
const TAIL_LENGTH = 4096

/** Remembers the last 4 KB that a process printed, for messages about its death. */
export class OutputTail {
  #bytes: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): void {
    this.#bytes =
      chunk.length >= TAIL_LENGTH
        ? Buffer.from(chunk.subarray(-TAIL_LENGTH))
        : Buffer.concat([this.#bytes, chunk]).subarray(-TAIL_LENGTH)
  }

  /** The text, not beginning within a character. */
  toString(): string {
    let start = 0
    while (start < this.#bytes.length && (this.#bytes[start]! & 0xc0) === 0x80) start++
    return this.#bytes.toString('utf8', start)
  }
}
