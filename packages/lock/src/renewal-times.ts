/** A renewal comes when this share of the ttl has passed. */
export const RENEWAL_SHARE: number = 1 / 3

/** A failed renewal is tried again after this share of the ttl, and at most after {@link LONGEST_RETRY}. */
const RETRY_SHARE = 1 / 20

/** Milliseconds. */
const LONGEST_RETRY = 250

/** Milliseconds until a renewal that has failed is tried again. */
export function retryAfter(ttl: number): number {
  return Math.min(ttl * RETRY_SHARE, LONGEST_RETRY)
}
