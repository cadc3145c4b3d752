import type { Random } from './random.ts'

/**
 * What the service makes of a request: it answers, or answers 500, cuts the connection, sends half of its JSON, or
 * does not answer at all.
 */
export type Mood = 'answer' | 'error' | 'reset' | 'malformed' | 'silent'

/** Of ten requests six are answered. */
const USUAL: readonly Mood[] = [
  ...new Array<Mood>(6).fill('answer'),
  ...(['error', 'reset', 'malformed', 'silent'] as const),
]

/** One mood after the other, for ever: shuffled anew for each round, so that everything happens soon. */
export function* generateMoods(random: Random, moods: readonly Mood[] = USUAL): Generator<Mood, never> {
  for (;;) yield* random.shuffle(moods)
}
