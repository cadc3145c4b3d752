/** The place of one message's answers among those of a client. */
export interface AnswerSlot {
  /** Answers that wait for those of earlier messages. */
  waiting: (string | Uint8Array)[]
  done: boolean
}

/** Lets a client's messages run at the same time and be answered in the order in which they came. */
export class AnswerOrder {
  readonly #slots: AnswerSlot[] = []
  readonly #send: (answer: string | Uint8Array) => void

  constructor(send: (answer: string | Uint8Array) => void) {
    this.#send = send
  }

  /** Messages that run, or whose answers wait. */
  get size(): number {
    return this.#slots.length
  }

  open(): AnswerSlot {
    const slot = { waiting: [], done: false }
    this.#slots.push(slot)
    return slot
  }

  /** Takes what a handler returned. */
  answer(slot: AnswerSlot, answer: unknown): void {
    if (typeof answer !== 'string' && !(answer instanceof Uint8Array)) return
    if (slot === this.#slots[0]) this.#send(answer)
    else slot.waiting.push(answer)
  }

  /** The message is through: what waited only for it is sent. */
  close(slot: AnswerSlot): void {
    slot.done = true
    while (this.#slots[0]?.done) {
      this.#slots.shift()
      const next = this.#slots[0]
      if (!next) return
      for (const answer of next.waiting) this.#send(answer)
      next.waiting = []
    }
  }
}
