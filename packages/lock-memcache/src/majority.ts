import { toError } from '@sd/core'

/** How the servers answered. */
export interface Tally<Answer> {
  /** `yes`, `no`: a majority says so, and that is final. `open`: too many did not answer. */
  readonly outcome: 'yes' | 'no' | 'open'
  readonly yes: readonly Answer[]
  readonly no: readonly Answer[]
  readonly errors: readonly Error[]
}

/** More than half. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1
}

/**
 * Counts answers as they come.
 *
 * @param total - how many answers there could be; those that are not asked for count as missing.
 * @returns as soon as a majority says yes, none can any more, or all have answered.
 */
export function countAnswers<Answer>(
  answers: readonly Promise<Answer>[],
  isYes: (answer: Answer) => boolean,
  total: number = answers.length,
): Promise<Tally<Answer>> {
  const yes: Answer[] = []
  const no: Answer[] = []
  const errors: Error[] = []
  const outcome = (): Tally<Answer>['outcome'] => {
    if (yes.length >= majorityOf(total)) return 'yes'
    return no.length > total - majorityOf(total) ? 'no' : 'open'
  }
  return new Promise((resolve) => {
    const look = (): void => {
      const isLast = yes.length + no.length + errors.length === answers.length
      // A copy: those who come later are not counted.
      if (isLast || outcome() !== 'open') {
        resolve({ outcome: outcome(), yes: [...yes], no: [...no], errors: [...errors] })
      }
    }
    for (const answer of answers) {
      answer
        .then(
          (value) => (isYes(value) ? yes : no).push(value),
          (thrown) => errors.push(toError(thrown)),
        )
        .then(look)
    }
  })
}
