import { StringDecoder } from 'node:string_decoder'

/** Characters after which a line that does not end is passed on in pieces. */
const LONGEST_LINE = 64 * 1024

/** Lines that are passed on in one turn: a chunk may hold tens of thousands. */
const MOST_AT_ONCE = 500

/** Cuts printed bytes into lines; characters that come in two chunks stay whole. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  readonly #onLine: (line: string) => void
  #parts: string[] = []
  #length = 0
  /** Lines to be passed on, and how many of them are. */
  #lines: string[] = []
  #passed = 0

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  /** @returns false when not all lines are passed on: {@link LineSplitter.proceed} is to be called in another turn. */
  push(chunk: Buffer): boolean {
    this.#add(this.#decoder.write(chunk))
    return this.proceed()
  }

  /** Passes on some more lines. @returns whether they are the last. */
  proceed(): boolean {
    const end = Math.min(this.#lines.length, this.#passed + MOST_AT_ONCE)
    while (this.#passed < end) this.#onLine(this.#lines[this.#passed++]!)
    if (this.#passed < this.#lines.length) return false
    this.#lines = []
    this.#passed = 0
    return true
  }

  /** Passes on all that is left, and what has no end of line. */
  end(): void {
    this.#add(this.#decoder.end())
    if (this.#length > 0) this.#complete('')
    while (!this.proceed());
  }

  #add(text: string): void {
    const lines = text.split('\n')
    const rest = lines.pop()!
    for (const line of lines) this.#complete(line)
    this.#keep(rest)
  }

  #complete(line: string): void {
    const whole = this.#parts.length > 0 ? this.#parts.join('') + line : line
    this.#parts = []
    this.#length = 0
    this.#lines.push(whole.endsWith('\r') ? whole.slice(0, -1) : whole)
  }

  #keep(rest: string): void {
    if (rest === '') return
    this.#parts.push(rest)
    this.#length += rest.length
    if (this.#length >= LONGEST_LINE) this.#complete('')
  }
}
