/** Items that have left before the row is cut: each cut copies the rest. */
const LONGEST_PAST = 512

/** First in, first out; what goes in and out costs the same however long the row is. */
export class Fifo<Item> {
  #row: (Item | undefined)[] = []
  /** Where the first item is; before it is nothing. */
  #head = 0

  get size(): number {
    return this.#row.length - this.#head
  }

  push(item: Item): void {
    this.#row.push(item)
  }

  /** The item so many places behind the first; it stays. */
  at(place: number): Item | undefined {
    return this.#row[this.#head + place]
  }

  /** Takes the first item. */
  shift(): Item | undefined {
    if (this.size === 0) return undefined
    const item = this.#row[this.#head]
    this.#row[this.#head++] = undefined
    if (this.size === 0 || (this.#head >= LONGEST_PAST && this.#head * 2 >= this.#row.length)) this.#cut()
    return item
  }

  /** Takes an item out of the middle, by its place: those behind it move up. */
  removeAt(place: number): void {
    this.#row.splice(this.#head + place, 1)
  }

  /** The items in order; they stay. */
  toArray(): Item[] {
    return this.#row.slice(this.#head) as Item[]
  }

  clear(): void {
    this.#row = []
    this.#head = 0
  }

  #cut(): void {
    this.#row = this.#row.slice(this.#head)
    this.#head = 0
  }
}
