/** First in, first out, with removal by id; adding and taking cost the same however long it is. */
export class CallQueue<Item extends { readonly call: { readonly id: number } }> {
  #items: (Item | undefined)[] = []
  #head = 0
  readonly #places = new Map<number, Item>()

  get size(): number {
    return this.#places.size
  }

  push(item: Item): void {
    this.#items.push(item)
    this.#places.set(item.call.id, item)
  }

  /** Puts an item before all others. */
  unshift(item: Item): void {
    if (this.#head > 0) this.#items[--this.#head] = item
    else this.#items.unshift(item)
    this.#places.set(item.call.id, item)
  }

  shift(): Item | undefined {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head]!
      this.#items[this.#head++] = undefined
      if (this.#head > 1024 && this.#head * 2 > this.#items.length) this.#compact()
      // A removed item keeps its place in the row until its turn comes.
      if (this.#places.get(item.call.id) === item) {
        this.#places.delete(item.call.id)
        return item
      }
    }
    return undefined
  }

  remove(id: number): Item | undefined {
    const item = this.#places.get(id)
    this.#places.delete(id)
    return item
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
