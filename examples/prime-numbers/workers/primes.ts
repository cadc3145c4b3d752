import { readSetting } from '@sd/ini'
import { defineWorker } from '@sd/workers'

/** Finds prime numbers. Each process of the pool has this object, and runs one call at a time. */
export const primes = defineWorker(import.meta.url, {
  /** The primes from `start` to `end`, by the sieve of Eratosthenes. */
  sieve(start: number, end: number): number[] {
    // Stops here when a debug console asks for it.
    this.breakpoint('sieve')
    const composite = new Uint8Array(end - start + 1)
    for (let divisor = 2; divisor * divisor <= end; divisor++) {
      const first = Math.max(divisor * divisor, Math.ceil(start / divisor) * divisor)
      for (let multiple = first; multiple <= end; multiple += divisor) composite[multiple - start] = 1
    }
    const found: number[] = []
    for (let n = Math.max(start, 2); n <= end; n++) if (!composite[n - start]) found.push(n)
    return start <= 1 && end >= 1 && this.isPrime(1) ? [1, ...found] : found
  },

  /** Whether a number is prime. */
  isPrime(n: number): boolean {
    // The daemon's settings, up to date in every process.
    if (n === 1) return readSetting(this.daemon('ini'), 'primes', 'one_is_prime') === true
    for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false
    return n > 1
  },

  /** Those of the numbers that are prime. */
  primesAmong(numbers: readonly number[]): number[] {
    return numbers.filter((n) => this.isPrime(n))
  },
})
