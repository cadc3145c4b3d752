/** Places in the memory. */
const RENEWED_AT = 0
const RENEWALS = 1
const LOST = 2

/** Microseconds in a millisecond. */
const MICROS = 1000

/**
 * What a lease and another thread that renews it tell each other, in memory that both see: the main thread may be
 * stopped at any moment, and for any time, and takes no messages then.
 */
export class RenewalCell {
  readonly buffer: SharedArrayBuffer
  readonly #values: BigInt64Array

  /** @param buffer - the other side's. @default new memory */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#values = new BigInt64Array(buffer)
  }

  /** When the lease was last renewed, by whomever: milliseconds of `process.hrtime`. */
  get renewedAt(): number {
    return Number(Atomics.load(this.#values, RENEWED_AT)) / MICROS
  }

  /** How often. */
  get renewals(): number {
    return Number(Atomics.load(this.#values, RENEWALS))
  }

  /** Whether the lock was found to be another one's. */
  get isLost(): boolean {
    return Atomics.load(this.#values, LOST) !== 0n
  }

  /** Tells that the lease was renewed. */
  note({ renewedAt, renewals }: { readonly renewedAt: number; readonly renewals: number }): void {
    if (renewedAt < this.renewedAt) return
    Atomics.store(this.#values, RENEWALS, BigInt(renewals))
    // Last, and rounded down: who sees it must not believe more than is true.
    Atomics.store(this.#values, RENEWED_AT, BigInt(Math.floor(renewedAt * MICROS)))
  }

  /** Tells that the lock is another one's. */
  lose(): void {
    Atomics.store(this.#values, LOST, 1n)
  }
}
