import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessIdentity } from '@sd/core/process-identity'

/** Milliseconds. */
const LOOK_AGAIN = 30

/**
 * Waits until a process has ended.
 *
 * @param timeout - milliseconds.
 * @param signal - ends the wait.
 * @returns whether it has.
 */
export async function waitForEnd(
  process: ProcessIdentity,
  timeout: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const end = performance.now() + timeout
  while (isAlive(process)) {
    if (performance.now() >= end || signal?.aborted) return false
    await sleep(LOOK_AGAIN)
  }
  return true
}
