import type { Clock, Deadline } from '@sd/core'

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
  const term = clock.after(Math.max(0, deadline.remaining() - killAfter), () => signalGroup('SIGTERM'))
  const stop = (): void => {
    term.cancel()
    deadline.signal.removeEventListener('abort', kill)
  }
  if (deadline.expired) kill()
  else deadline.signal.addEventListener('abort', kill, { once: true })
  return stop
}
