/** Something with output that was held back. */
export interface Flushable {
  flush(): void
}

/** Sends at the end of the turn what its clients were answered in it, each client's in one piece. */
export class FlushQueue {
  #waiting: Flushable[] = []

  add(item: Flushable): void {
    this.#waiting.push(item)
    // After the promises of this turn, so that what they answer goes along.
    if (this.#waiting.length === 1) process.nextTick(() => this.#flush())
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const item of waiting) item.flush()
  }
}
