/** What the workers of every pool can do. Each takes one argument, because some pools pass only one. */

/** Nothing, so that only the way there and back is measured. */
export function nothing(n: number): number {
  return n
}

/** The same again. */
export function echo(value: unknown): unknown {
  return value
}

/** Keeps the worker busy, so that the pool has to use another. @param duration - milliseconds. */
export function nap(duration: number): void {
  const end = performance.now() + duration
  while (performance.now() < end);
}

/** The primes from `from` to `to`, by trial division: work that takes its time. */
export function sieve([from, to]: readonly [from: number, to: number]): number[] {
  const primes: number[] = []
  for (let n = from; n <= to; n++) if (isPrime(n)) primes.push(n)
  return primes
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false
  return n > 1
}
