import type { Clock, Deadline, Timer } from '@sd/core'

/** Milliseconds after which a deadline that has moved is looked at again, at the earliest. */
const LOOK_AGAIN = 50

/**
 * SIGTERM `killAfter` ms before the deadline (at once when that has passed), SIGKILL at the deadline.
 *
 * @returns what ends it, for when nobody is left to signal.
 */
export function climbKillLadder(
  clock: Clock,
  deadline: Deadline,
  killAfter: number,
  signalGroup: (signal: NodeJS.Signals) => void,
): () => void {
  const kill = (): void => {
    stop()
    signalGroup('SIGKILL')
  }
  let term: Timer
  // The deadline may be by a clock that stands still now and then: it is asked again when its time seems to have come.
  const arm = (least: number): void => {
    term = clock.after(Math.max(least, deadline.remaining() - killAfter), () => {
      if (deadline.remaining() - killAfter >= LOOK_AGAIN) arm(LOOK_AGAIN)
      else signalGroup('SIGTERM')
    })
  }
  arm(0)
  const stop = (): void => {
    term.cancel()
    deadline.signal.removeEventListener('abort', kill)
  }
  if (deadline.expired) kill()
  else deadline.signal.addEventListener('abort', kill, { once: true })
  return stop
}
