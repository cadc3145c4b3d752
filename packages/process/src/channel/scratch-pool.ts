/** Bytes that are kept for the next time. */
const MOST_KEPT = 8 * 1024 * 1024

/**
 * Memory for copies that live only until they are written. Used again, because fresh memory costs several times
 * the copy: the system must find and clear each of its pages.
 */
export class ScratchPool {
  readonly #free: Buffer[] = []
  #kept = 0

  /** A copy of the bytes, in memory to be given back. */
  copy(bytes: Uint8Array): Buffer {
    const scratch = this.#take(bytes.length)
    scratch.set(bytes)
    return scratch.subarray(0, bytes.length)
  }

  /** @param copy - of which nothing is needed any more. */
  giveBack(copy: Buffer): void {
    const { byteLength } = copy.buffer
    if (this.#kept + byteLength > MOST_KEPT) return
    this.#kept += byteLength
    this.#free.push(Buffer.from(copy.buffer))
  }

  #take(length: number): Buffer {
    const index = this.#free.findIndex((scratch) => scratch.length >= length)
    if (index < 0) return Buffer.allocUnsafeSlow(length)
    const [scratch] = this.#free.splice(index, 1)
    this.#kept -= scratch!.length
    return scratch!
  }
}
