import { readOwnWords } from './read-own-words.ts'
import type { RunArguments } from './run-file.ts'

/**
 * Reads what follows `sd-cli run`.
 *
 * @returns undefined where something is wrong, or help is asked for.
 */
export function readRunWords(words: readonly string[]): RunArguments | undefined {
  try {
    const { H, args, ...given } = readOwnWords(words)
    const [file, ...more] = args
    return H || file === undefined ? undefined : { ...given, file, args: more, rest: [] }
  } catch {
    return undefined
  }
}
