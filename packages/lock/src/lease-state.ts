/** Where a lease is in its life. */
export type LeaseState = 'free' | 'held' | 'lost' | 'released'

/** What happens to a lease. */
export type LeaseInput = 'acquired' | 'lose' | 'release'

const table: Readonly<Record<LeaseState, Readonly<Partial<Record<LeaseInput, LeaseState>>>>> = {
  free: { acquired: 'held', release: 'released' },
  held: { lose: 'lost', release: 'released' },
  lost: {},
  released: {},
}

/** @returns undefined where the input means nothing in that state. */
export function nextLeaseState(state: LeaseState, input: LeaseInput): LeaseState | undefined {
  return table[state][input]
}
