/** Random numbers that are the same for the same seed. */
export interface Random {
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number
  /** One of the items. */
  pick<Item>(items: readonly Item[]): Item
  /** The items in random order. */
  shuffle<Item>(items: readonly Item[]): Item[]
}

/** @param seed - any whole number. */
export function createRandom(seed: number): Random {
  // Xorshift with 32 bits (Marsaglia, 2003), which must not begin with 0.
  let state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  for (let warmUp = 0; warmUp < 8; warmUp++) next()
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  const pick = <Item>(items: readonly Item[]): Item => items[between(0, items.length - 1)]!
  function shuffle<Item>(items: readonly Item[]): Item[] {
    const rest = [...items]
    return items.map(() => rest.splice(between(0, rest.length - 1), 1)[0]!)
  }
  return { between, pick, shuffle }
}
