/** The last `capacity` numbers, and their statistics. Its memory never grows. */
export class Ring {
  readonly #values: Float64Array
  #count = 0

  /** @param capacity - how many numbers are kept. */
  constructor(capacity: number) {
    this.#values = new Float64Array(capacity)
  }

  /** How many numbers were ever added. */
  get count(): number {
    return this.#count
  }

  add(value: number): void {
    this.#values[this.#count++ % this.#values.length] = value
  }

  /** The kept numbers, in ascending order. */
  sorted(): Float64Array {
    return this.#values.slice(0, Math.min(this.#count, this.#values.length)).sort()
  }

  /** The mean of the kept numbers without the outer `trim` share on each side; 0 when empty. */
  trimmedMean(trim = 0.05): number {
    const sorted = this.sorted()
    const cut = Math.floor(sorted.length * trim)
    const kept = sorted.subarray(cut, sorted.length - cut)
    return kept.length === 0 ? 0 : kept.reduce((sum, value) => sum + value, 0) / kept.length
  }

  /** The nearest-rank percentile of the kept numbers; 0 when empty. */
  percentile(percent: number): number {
    return percentileOf(this.sorted(), percent)
  }
}

/**
 * The nearest-rank percentile of numbers in ascending order; 0 when there are none.
 *
 * @param percent - from 0 to 100.
 */
export function percentileOf(sorted: ArrayLike<number>, percent: number): number {
  if (sorted.length === 0) return 0
  const rank = Math.ceil((percent / 100) * sorted.length)
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1]!
}
