/** Milliseconds, on average. */
const SHORTEST = 5
const LONGEST = 80

/**
 * How long to wait before a lock is tried again: little at first, then longer, and never in step with others.
 *
 * @param round - how often it was tried before.
 * @param random - from 0 to 1.
 */
export function pollDelay(round: number, random: number): number {
  return Math.min(SHORTEST * 2 ** round, LONGEST) * (0.5 + random)
}
