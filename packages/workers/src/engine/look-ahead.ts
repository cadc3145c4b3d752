import type { Pace } from '../call/pace.ts'

/** Calls that a process has at hand beyond those that it runs, at most. */
const MOST_AHEAD = 512

/** Microseconds of work at hand that are enough: several times what it takes to send more of it. */
const ENOUGH = 1000

/** A call that takes longer than so many microseconds is not given ahead: little is won, and it may wait for long. */
const LONGEST_AHEAD = 5000

/** Bytes that a process has not read: from there on it has enough to do. */
const UNREAD = 256 * 1024

/** The calls that a process has. */
export interface CallsAtHand {
  readonly size: number
  /** Microseconds that all of them together will take, as far as one can tell. */
  readonly expected: number
}

/**
 * Whether a process that runs as many calls as it may is to be given another one, so that it is at hand when one
 * of them ends: a worker that has to ask is idle for as long as two messages take. The work at hand is measured
 * in time. Of brief calls that makes hundreds; of calls of some milliseconds the next one only; of longer ones, or
 * of a method about which nothing is known yet, none, because whatever waits there cannot be run by a process that
 * becomes free first.
 *
 * @param pace - of the method that would be called.
 * @param unread - bytes that the process has not read yet.
 */
export function mayLookAhead(given: CallsAtHand, concurrency: number, pace: Pace, unread: number): boolean {
  const ahead = given.size - concurrency
  if (ahead >= MOST_AHEAD || unread > UNREAD || pace.mean > LONGEST_AHEAD) return false
  return given.expected < (ahead === 0 ? LONGEST_AHEAD : ENOUGH) * concurrency
}
