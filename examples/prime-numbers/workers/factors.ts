import { defineWorker } from '@sd/workers'

/** Finds all factors of a number, 1 and itself included. Slowly, on purpose: this is what workers are for. */
export const factors = defineWorker(import.meta.url, (n: number): number[] => {
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`Only whole numbers from 1 have factors, not ${n}.`)
  const found: number[] = []
  for (let candidate = 1; candidate <= n / 2; candidate++) if (n % candidate === 0) found.push(candidate)
  return [...found, n]
})
