/** How much time a process has used of all processors, since it began. */
export interface ProcessorUse {
  readonly pid: number
  /** Milliseconds; null: not known. */
  readonly used: number | null
}

/** Makes shares of time out of times used. */
export class ProcessorMeter {
  #at = Number.POSITIVE_INFINITY
  #used = new Map<number, number>()

  /**
   * @param at - when the times were read, by the daemon's own clock: milliseconds.
   * @returns the share of the time since the last look that each used: 1 is one whole processor. Null where there is
   * nothing to compare with yet.
   */
  read(at: number, uses: readonly ProcessorUse[]): (number | null)[] {
    // The clock of a daemon that was restarted begins anew.
    const elapsed = at - this.#at
    const before = elapsed > 0 ? this.#used : new Map<number, number>()
    const shares = uses.map(({ pid, used }) => {
      const last = before.get(pid)
      return used === null || last === undefined || used < last ? null : (used - last) / elapsed
    })
    this.#at = at
    this.#used = new Map(uses.flatMap(({ pid, used }) => (used === null ? [] : [[pid, used] as const])))
    return shares
  }
}
