import { setTimeout as sleep } from 'node:timers/promises'
import type { Interruption } from './interruption.ts'
import type { RunningDaemon } from './start-daemon.ts'

/**
 * Waits.
 *
 * @param duration - seconds.
 * @returns whether the daemon has ended meanwhile, or somebody wants it to.
 */
export async function isCutShort(
  duration: number,
  daemon: RunningDaemon,
  interruption: Interruption,
): Promise<boolean> {
  const ended = new AbortController()
  void daemon.ended.then(() => ended.abort())
  const signal = AbortSignal.any([ended.signal, interruption.signal])
  await sleep(duration * 1000, undefined, { signal }).catch(() => {})
  return signal.aborted
}
