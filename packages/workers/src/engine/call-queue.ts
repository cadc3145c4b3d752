import { Fifo } from '../call/fifo.ts'

/** What can wait in a queue. */
export interface Queueable {
  /** Whether it waits: kept by the queue. */
  queued: boolean
}

/** First in, first out, with removal; each step costs the same however long the queue is. */
export class CallQueue<Item extends Queueable> {
  /** Those that go before all others, the next one last. */
  readonly #front: Item[] = []
  readonly #row = new Fifo<Item>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: Item): void {
    this.#enter(item)
    this.#row.push(item)
  }

  /** Puts a call before all others. */
  unshift(item: Item): void {
    this.#enter(item)
    this.#front.push(item)
  }

  /** The next call; it stays. */
  peek(): Item | undefined {
    return this.#next(false)
  }

  shift(): Item | undefined {
    const next = this.#next(true)
    if (next) this.#leave(next)
    return next
  }

  /** Takes a call out; its slot stays until its turn comes. */
  remove(item: Item): void {
    this.#leave(item)
  }

  /** Finds the next call, and clears the slots of those that were removed before it. */
  #next(take: boolean): Item | undefined {
    while (this.#front.length > 0) {
      const next = this.#front.at(-1)!
      if (take || !next.queued) this.#front.pop()
      if (next.queued) return next
    }
    for (let next = this.#row.at(0); next; next = this.#row.at(0)) {
      if (take || !next.queued) this.#row.shift()
      if (next.queued) return next
    }
    return undefined
  }

  #enter(item: Item): void {
    item.queued = true
    this.#size++
  }

  #leave(item: Item): void {
    item.queued = false
    this.#size--
  }
}
