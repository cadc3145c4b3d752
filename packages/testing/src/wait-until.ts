import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks again and again until the answer is true: for tests of what gives no event.
 *
 * @param condition - what must become true.
 * @param what - names it in the error. @default the condition's own text
 * @param timeout - milliseconds. @default 10_000
 * @throws Error when it does not become true in time.
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  what: string = String(condition),
  timeout = 10_000,
): Promise<void> {
  const end = performance.now() + timeout
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Not within ${timeout} ms: ${what}.`)
    await sleep(10)
  }
}
