/** The calls that a debugger has aborted: whatever they still do, they settle as that. */
export class AbortedCalls {
  readonly #points = new Map<number, string>()
  /** Whether there are any: asked for each call, so that it must cost nothing. */
  any = false

  /** @param point - where, for people. */
  note(id: number, point: string): void {
    this.#points.set(id, point)
    this.any = true
  }

  has(id: number): boolean {
    return this.#points.has(id)
  }

  /** @returns where it was aborted, if it was; from then on it is forgotten. */
  take(id: number): string | undefined {
    const point = this.#points.get(id)
    this.#points.delete(id)
    this.any = this.#points.size > 0
    return point
  }
}
