/** Lets a client's messages run at the same time and be answered in the order in which they came. */
export class AnswerOrder {
  readonly #turns: Turn[] = []
  readonly #encode: (answer: string | Uint8Array) => string | Uint8Array
  readonly #write: (encoded: string | Uint8Array) => void

  constructor(
    encode: (answer: string | Uint8Array) => string | Uint8Array,
    write: (encoded: string | Uint8Array) => void,
  ) {
    this.#encode = encode
    this.#write = write
  }

  /** Messages that run, or whose answers wait. */
  get size(): number {
    return this.#turns.length
  }

  open(turn: Turn): void {
    this.#turns.push(turn)
  }

  /** Takes what a handler returned. @returns whether it is an answer. @throws what the framing throws. */
  answer(turn: Turn, answer: unknown): boolean {
    if (typeof answer !== 'string' && !(answer instanceof Uint8Array)) return false
    const encoded = this.#encode(answer)
    if (turn === this.#turns[0]) this.#write(encoded)
    else {
      turn.waiting ??= []
      turn.waiting.push(encoded)
    }
    return true
  }

  /** The message is through: what waited only for it is sent. */
  close(turn: Turn): void {
    turn.isThrough = true
    while (this.#turns[0]?.isThrough) {
      this.#turns.shift()
      const next = this.#turns[0]
      if (!next?.waiting) continue
      for (const encoded of next.waiting) this.#write(encoded)
      next.waiting = undefined
    }
  }
}

/** One message's place among those of its client. */
export interface Turn {
  /** Answers, encoded, that wait for those of earlier messages. */
  waiting: (string | Uint8Array)[] | undefined
  isThrough: boolean
}
