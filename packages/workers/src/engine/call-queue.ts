/** An item, and its place in the row: places count up from the first that was ever pushed. */
interface Placed<Item> {
  readonly item: Item
  readonly place: number
}

/** First in, first out, with removal by id; each step costs the same however long the queue is. */
export class CallQueue<Item extends { readonly call: { readonly id: number } }> {
  #row: (Item | undefined)[] = []
  /** The place of the row's first slot. */
  #base = 0
  /** The place of the next item to take. */
  #head = 0
  readonly #byId = new Map<number, Placed<Item>>()

  get size(): number {
    return this.#byId.size
  }

  push(item: Item): void {
    this.#byId.set(item.call.id, { item, place: this.#base + this.#row.length })
    this.#row.push(item)
  }

  /** Puts an item before all others. */
  unshift(item: Item): void {
    this.#head--
    if (this.#head >= this.#base) this.#row[this.#head - this.#base] = item
    else {
      this.#base = this.#head
      this.#row.unshift(item)
    }
    this.#byId.set(item.call.id, { item, place: this.#head })
  }

  shift(): Item | undefined {
    while (this.#head < this.#base + this.#row.length) {
      const slot = this.#head++ - this.#base
      const item = this.#row[slot]
      this.#row[slot] = undefined
      if (slot > 1024 && slot * 2 > this.#row.length) this.#compact()
      if (!item) continue
      this.#byId.delete(item.call.id)
      return item
    }
    return undefined
  }

  /** Takes an item out; its slot stays empty until its turn comes. */
  remove(id: number): Item | undefined {
    const placed = this.#byId.get(id)
    if (!placed) return undefined
    this.#byId.delete(id)
    this.#row[placed.place - this.#base] = undefined
    return placed.item
  }

  #compact(): void {
    this.#row = this.#row.slice(this.#head - this.#base)
    this.#base = this.#head
  }
}
