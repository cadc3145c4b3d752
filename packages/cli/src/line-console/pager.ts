/** Where a pager shows its lines. */
export interface PagerParts {
  /** Of the terminal. */
  rows(): number
  print(text: string): void
  onEnd(): void
}

/** Prints lines, as many as fit on the screen at a time. Lines are asked for when their page comes. */
export class Pager {
  readonly prompt = '-- more (space: next page, q: end) '
  /** Resolves when there is no more, or no more is wanted. */
  readonly done: Promise<void>
  readonly #lines: Iterator<string>
  readonly #parts: PagerParts
  #finish = (): void => {}
  #ahead: IteratorResult<string>

  constructor(lines: Iterable<string>, parts: PagerParts) {
    this.#lines = lines[Symbol.iterator]()
    this.#parts = parts
    this.#ahead = this.#lines.next()
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** Prints a page. */
  next(): void {
    const page: string[] = []
    // One row is the prompt's, and one line of the page before stays to be seen.
    const most = Math.max(1, this.#parts.rows() - 2)
    while (page.length < most && !this.#ahead.done) {
      page.push(this.#ahead.value)
      this.#ahead = this.#lines.next()
    }
    if (page.length > 0) this.#parts.print(page.join('\n'))
    if (this.#ahead.done) this.end()
  }

  end(): void {
    this.#lines.return?.()
    this.#finish()
    this.#parts.onEnd()
  }
}
