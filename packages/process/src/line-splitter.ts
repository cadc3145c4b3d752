import { StringDecoder } from 'node:string_decoder'

/** Characters after which a line that does not end is passed on in pieces. */
const LONGEST_LINE = 64 * 1024

/** Cuts printed bytes into lines; characters that come in two chunks stay whole. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  readonly #onLine: (line: string) => void
  #parts: string[] = []
  #length = 0

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(chunk: Buffer): void {
    this.#add(this.#decoder.write(chunk))
  }

  /** Passes on what has no end of line. */
  end(): void {
    this.#add(this.#decoder.end())
    if (this.#length > 0) this.#emit('')
  }

  #add(text: string): void {
    const lines = text.split('\n')
    const rest = lines.pop()!
    for (const line of lines) this.#emit(line)
    this.#keep(rest)
  }

  #emit(line: string): void {
    const whole = this.#parts.length > 0 ? this.#parts.join('') + line : line
    this.#parts = []
    this.#length = 0
    this.#onLine(whole.endsWith('\r') ? whole.slice(0, -1) : whole)
  }

  #keep(rest: string): void {
    if (rest === '') return
    this.#parts.push(rest)
    this.#length += rest.length
    if (this.#length >= LONGEST_LINE) this.#emit('')
  }
}
