import { setTimeout as wait } from 'node:timers/promises'
import { defineTask } from '@sd/tasks/define'

/** Waits: most jobs do, for a database or for somebody else's server. */
export const nap = defineTask(import.meta.url, async function nap(milliseconds: number): Promise<number> {
  const at = performance.now()
  await wait(milliseconds)
  return Math.round(performance.now() - at)
})

/** Computes, and keeps a core busy with it. */
export const sum = defineTask(import.meta.url, function sum(upTo: number): number {
  let total = 0
  for (let n = 1; n <= upTo; n++) total += n
  return total
})

/** Fails now and then: the daemon is told why, and goes on. */
export const gamble = defineTask(import.meta.url, function gamble(stake: number): number {
  if (stake % 3 === 0) throw new RangeError(`lost ${stake}`)
  return stake * 2
})
