/** Columns of text for what belongs together. */
export class Columns {
  readonly #taken = new Map<string, number>()

  /** The column of a call: its own, or the first that is free. */
  of(call: string): number {
    const own = this.#taken.get(call)
    if (own !== undefined) return own
    const used = new Set(this.#taken.values())
    let column = 0
    while (used.has(column)) column++
    this.#taken.set(call, column)
    return column
  }

  /** Others may have the columns of all calls but these. */
  keep(calls: ReadonlySet<string>): void {
    for (const call of [...this.#taken.keys()]) if (!calls.has(call)) this.#taken.delete(call)
  }
}
