import {
  type BackOff,
  type BackOffPolicy,
  backOffDelay,
  countFailure,
  failureScore,
  isPastLimit,
  NO_FAILURES,
} from '@sd/core'

/** How much a group of children dies young. */
export type Churn = BackOff

/** Milliseconds in which the counter halves. */
export const CHURN_HALF_LIFE = 60_000
/** A child that lives less than this many milliseconds after it was ready died young. */
export const CHURN_YOUTH = 1_000

/** From the third young death on the group waits before it spawns; beyond ten the daemon gives up. */
const policy: BackOffPolicy = {
  halfLife: CHURN_HALF_LIFE,
  patience: 3,
  firstPause: 100,
  longestPause: 30_000,
  limit: 10,
}

/** Of a group in which nothing ever died. */
export const CALM: Churn = NO_FAILURES

/** The counter at the time `now`. */
export function churnScore(churn: Churn, now: number): number {
  return failureScore(churn, policy, now)
}

/**
 * Counts a young death.
 *
 * @param random - from 0 to below 1: the pause is cut by up to half of itself, so that groups do not move in step.
 */
export function countYoungDeath(churn: Churn, now: number, random: number): Churn {
  return countFailure(churn, policy, now, random)
}

/** Milliseconds that the group still has to wait. */
export function churnDelay(churn: Churn, now: number): number {
  return backOffDelay(churn, now)
}

/** Whether so many died young that trying on is pointless. */
export function isChurnPastLimit(churn: Churn): boolean {
  return isPastLimit(churn, policy)
}
