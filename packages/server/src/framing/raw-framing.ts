import type { Framing } from './framing.ts'
import { inputTooLong } from './input-too-long.ts'

/** Whatever arrives is a message, cut as the network happens to cut it. */
export class RawFraming implements Framing {
  readonly #maxInput: number
  #chunk: Buffer | undefined

  /** @param maxInput - bytes of one piece. */
  constructor(maxInput: number) {
    this.#maxInput = maxInput
  }

  get pending(): boolean {
    return this.#chunk !== undefined
  }

  push(chunk: Buffer): void {
    this.#chunk = chunk
  }

  next(): Buffer | undefined {
    const chunk = this.#chunk
    this.#chunk = undefined
    if (chunk && chunk.length > this.#maxInput) throw inputTooLong(this.#maxInput)
    return chunk
  }

  encode(message: string | Uint8Array): string | Uint8Array {
    return message
  }
}
