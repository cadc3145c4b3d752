/** Milliseconds before the first retry, at most. */
const FIRST = 50
/** Milliseconds before any retry, at most. */
const LONGEST = 5000

/**
 * How long to wait before a retry: exponential, with "equal jitter" (half fixed, half random; M. Brooker,
 * "Exponential Backoff And Jitter", 2015), so that calls that failed together do not come back together.
 *
 * @param retries - how often the call was tried again before, from 0.
 * @param random - from 0 to 1.
 * @returns milliseconds.
 */
export function retryDelay(retries: number, random: number): number {
  const ceiling = Math.min(LONGEST, FIRST * 2 ** Math.min(retries, 30))
  return ceiling / 2 + (ceiling / 2) * random
}
