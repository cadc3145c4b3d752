import { launchDaemon } from '../launch/launch-daemon.ts'
import { loadDaemon } from '../launch/load-daemon.ts'
import { resolveProgram } from '../launch/resolve-program.ts'
import { runCommand } from '../launch/run-command.ts'
import { type GivenSwitches, readSwitches } from '../launch/switches.ts'
import { ownOptions } from './read-own-words.ts'

/**
 * Runs a daemon's file in this process.
 *
 * @param given - the file, as it was named.
 * @param words - for the daemon, as `divideWords` gives them.
 * @returns the exit code.
 */
export async function runProgram(
  given: string,
  words: readonly string[],
  switchesGiven: GivenSwitches,
): Promise<number> {
  const file = resolveProgram(given)
  const switches = readSwitches(switchesGiven)
  const plan = { file, command: runCommand(file, switches, words), switches }
  const report = await launchDaemon(plan, (launcher) =>
    loadDaemon(file, words, Object.keys(ownOptions), launcher),
  )
  return report.exitCode
}
