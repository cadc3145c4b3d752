import type { Awaitable } from '@sd/core'
import { escapeText } from '@sd/core/escape-text'

/**
 * Completes the last word of a line, as readline asks for it.
 *
 * @param complete - what that word could be.
 * @returns what it could be, and the word.
 */
export async function completeWord(
  line: string,
  complete: ((line: string) => Awaitable<readonly string[]>) | undefined,
): Promise<[string[], string]> {
  const word = /\S*$/.exec(line)?.[0] ?? ''
  try {
    const words = (await complete?.(line)) ?? []
    // What cannot be shown as it is cannot be typed either.
    const fits = (candidate: string): boolean =>
      candidate.toLowerCase().startsWith(word.toLowerCase()) && escapeText(candidate) === candidate
    return [words.filter(fits), word]
  } catch {
    // It would disturb what is being typed, and running the line will say it.
    return [[], word]
  }
}
