const LINE_FEED = 0x0a

/** Cuts bytes into lines of bounded length. */
export class LineReader {
  readonly #maxLine: number
  #pieces: Buffer[] = []
  #length = 0

  /** @param maxLine - bytes of a line, its end not counted. */
  constructor(maxLine: number) {
    this.#maxLine = maxLine
  }

  /**
   * @returns the lines that end in this chunk, or undefined when one is too long. Then nothing that follows can be
   * understood.
   */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = []
    let begin = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, begin)) {
      if (!this.#keep(chunk.subarray(begin, end))) return undefined
      lines.push(this.#take())
      begin = end + 1
    }
    return this.#keep(chunk.subarray(begin)) ? lines : undefined
  }

  /** @returns false when it comes to too much. */
  #keep(piece: Buffer): boolean {
    this.#length += piece.length
    if (this.#length > this.#maxLine) return false
    if (piece.length > 0) this.#pieces.push(piece)
    return true
  }

  #take(): string {
    const line = Buffer.concat(this.#pieces).toString()
    this.#pieces = []
    this.#length = 0
    return line
  }
}
