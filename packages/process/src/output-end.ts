import { finished, type Readable } from 'node:stream'
import type { Clock, Timer } from '@sd/core'

/** Milliseconds without a byte after which the output of a dead process is taken as complete. */
const QUIET = 250

/** Periods in which bytes may still come; beyond, somebody else writes. */
const MOST_PERIODS = 8

/**
 * Waits until the pipes of a dead process are read to their end. A process that it left behind, outside its
 * group, may hold them open for ever: a quiet period, or too many others, end the wait.
 *
 * @param bytesRead - how many bytes came so far.
 */
export function waitForOutputEnd(
  streams: readonly Readable[],
  clock: Clock,
  bytesRead: () => number,
): Promise<void> {
  return new Promise((resolve) => {
    let open = streams.length
    let timer: Timer | undefined
    const cleanups = streams.map((stream) => finished(stream, { writable: false }, () => --open || stop()))
    const stop = (): void => {
      timer?.cancel()
      for (const cleanup of cleanups) cleanup()
      resolve()
    }
    const arm = (period: number): void => {
      const before = bytesRead()
      const check = (): void => {
        if (open === 0) return
        if (bytesRead() === before || period === MOST_PERIODS) stop()
        else arm(period + 1)
      }
      // Timers come before input: after a long block, what has arrived must be read before it is judged.
      timer = clock.after(QUIET, () => setImmediate(check))
    }
    arm(1)
  })
}
