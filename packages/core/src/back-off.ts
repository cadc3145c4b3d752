/** How failures are counted, and what they cost. */
export interface BackOffPolicy {
  /** Milliseconds in which the counter halves. */
  readonly halfLife: number
  /** From this count on there is a pause. */
  readonly patience: number
  /** Milliseconds of the first pause; each further failure doubles it. */
  readonly firstPause: number
  /** Milliseconds of the longest pause. */
  readonly longestPause: number
  /** Beyond this count trying on is pointless. */
  readonly limit: number
}

/**
 * How much has failed of late: a counter that decays. Time spent in a pause does not count for that, since
 * nothing could fail then; else the pauses alone would keep the counter below its limit for ever.
 */
export interface BackOff {
  /** The counter at `since`. */
  readonly score: number
  /** Monotonic time from which the counter decays. */
  readonly since: number
  /** Monotonic time until which nothing should be tried. */
  readonly pausedUntil: number
}

/** Where nothing has ever failed. */
export const NO_FAILURES: BackOff = Object.freeze({ score: 0, since: 0, pausedUntil: 0 })

/** The counter at the time `now`. */
export function failureScore(failures: BackOff, { halfLife }: BackOffPolicy, now: number): number {
  const elapsed = Math.max(0, now - Math.max(failures.since, failures.pausedUntil))
  return failures.score * 2 ** (-elapsed / halfLife)
}

/**
 * Counts a failure.
 *
 * @param now - monotonic time, milliseconds.
 * @param random - from 0 to below 1: the pause is cut by up to half of itself, so that many do not move in step.
 */
export function countFailure(failures: BackOff, policy: BackOffPolicy, now: number, random: number): BackOff {
  const score = failureScore(failures, policy, now) + 1
  // Failures in quick succession decay a little between each other and still count as whole ones.
  const excess = Math.ceil(score) - policy.patience
  const pause = excess < 0 ? 0 : Math.min(policy.longestPause, policy.firstPause * 2 ** excess)
  const pausedUntil = Math.max(failures.pausedUntil, now + pause * (1 - random / 2))
  return { score, since: now, pausedUntil }
}

/** Milliseconds that are still to be waited. */
export function backOffDelay(failures: BackOff, now: number): number {
  return Math.max(0, failures.pausedUntil - now)
}

/** Whether so much has failed that trying on is pointless. */
export function isPastLimit(failures: BackOff, { limit }: BackOffPolicy): boolean {
  return failures.score > limit
}
