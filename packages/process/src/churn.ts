/**
 * How much a group of children dies young: a counter that halves every minute. Time that the group had to
 * wait does not count for it, since nothing could die then; else the pauses alone would keep the counter
 * below its limit for ever.
 */
export interface Churn {
  /** The counter at `since`. */
  readonly score: number
  /** Monotonic time from which the counter decays. */
  readonly since: number
  /** Monotonic time until which the group must not spawn. */
  readonly pausedUntil: number
}

/** Milliseconds in which the counter halves. */
export const CHURN_HALF_LIFE = 60_000
/** From this count on the group waits before it spawns. */
const CHURN_PATIENCE = 3
/** Beyond this count the daemon gives up. */
const CHURN_LIMIT = 10
/** Milliseconds of the first pause; each further count doubles it. */
const CHURN_FIRST_PAUSE = 100
/** Milliseconds of the longest pause. */
const CHURN_LONGEST_PAUSE = 30_000
/** A child that lives less than this many milliseconds after it was ready died young. */
export const CHURN_YOUTH = 1_000

/** Of a group in which nothing ever died. */
export const CALM: Churn = { score: 0, since: 0, pausedUntil: 0 }

/** The counter at the time `now`. */
export function churnScore(churn: Churn, now: number): number {
  const elapsed = Math.max(0, now - Math.max(churn.since, churn.pausedUntil))
  return churn.score * 2 ** (-elapsed / CHURN_HALF_LIFE)
}

/**
 * Counts a young death.
 *
 * @param random - from 0 to below 1: the pause is cut by up to half of itself, so that groups do not move in step.
 */
export function countYoungDeath(churn: Churn, now: number, random: number): Churn {
  const score = churnScore(churn, now) + 1
  const excess = wholeCount(score) - CHURN_PATIENCE
  const pause = excess < 0 ? 0 : Math.min(CHURN_LONGEST_PAUSE, CHURN_FIRST_PAUSE * 2 ** excess)
  const pausedUntil = Math.max(churn.pausedUntil, now + pause * (1 - random / 2))
  return { score, since: now, pausedUntil }
}

/** Milliseconds that the group still has to wait. */
export function churnDelay(churn: Churn, now: number): number {
  return Math.max(0, churn.pausedUntil - now)
}

/** Whether so many died young that trying on is pointless. */
export function isChurnPastLimit(churn: Churn): boolean {
  return churn.score > CHURN_LIMIT
}

/** Deaths in quick succession decay a little between each other and still count as whole ones. */
function wholeCount(score: number): number {
  return Math.ceil(score)
}
