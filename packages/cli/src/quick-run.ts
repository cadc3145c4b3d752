import { exitCodeOf } from './exit-codes.ts'
import { checkCompanions } from './run/check-companions.ts'
import { readOwnWords } from './run/read-own-words.ts'
import { runProgram } from './run/run-program.ts'

/**
 * Does what `sd-cli run FILE` does, where that is all that is asked for, without loading anything else: yargs
 * alone takes as long as the start of a daemon.
 *
 * @param words - what follows `sd-cli run`.
 * @returns false where something else is asked for, or is wrong: it is for the whole command line to say.
 */
export async function runQuickly(words: readonly string[]): Promise<boolean> {
  let given: ReturnType<typeof readOwnWords>
  try {
    given = readOwnWords(words, 1)
    checkCompanions(given)
  } catch {
    return false
  }
  const { positionals, words: forDaemon, H, i, I, d, detached, json } = given
  const [file] = positionals
  if (file === undefined || H || i || I !== undefined || json || (d && !detached)) return false
  try {
    process.exitCode = await runProgram(file, forDaemon, given)
  } catch (error) {
    const { reportFailure } = await import('./output/report-failure.ts')
    reportFailure(error)
    process.exitCode = exitCodeOf(error)
  }
  return true
}
