/**
 * What an item outlives its lease by: memcached's clock goes in whole seconds, the first of which may be over at once,
 * and may be late by another one when the machine is busy. Seconds.
 */
const SPARE = 3

/** By how much two clocks may differ in their speed. */
const DRIFT = 1 / 1000

/**
 * The expiry of a record in whole seconds, so that the holder always gives up first.
 *
 * @param ttl - milliseconds.
 */
export function expirySeconds(ttl: number): number {
  return Math.ceil((ttl / 1000) * (1 + DRIFT)) + SPARE
}
