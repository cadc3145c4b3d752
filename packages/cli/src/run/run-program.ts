import { launchDaemon } from '../launch/launch-daemon.ts'
import { loadDaemon } from '../launch/load-daemon.ts'
import { resolveProgram } from '../launch/resolve-program.ts'
import { runCommand } from '../launch/run-command.ts'
import { type GivenSwitches, readSwitches } from '../launch/switches.ts'

/**
 * Runs a daemon's file in this process.
 *
 * @param given - the file, as it was named.
 * @param args - for the daemon.
 * @returns the exit code.
 */
export async function runProgram(
  given: string,
  args: readonly string[],
  switchesGiven: GivenSwitches,
): Promise<number> {
  const file = resolveProgram(given)
  const switches = readSwitches(switchesGiven)
  const plan = { file, args, command: runCommand(file, switches, args), switches }
  const report = await launchDaemon(plan, (launcher) => loadDaemon(file, args, launcher))
  return report.exitCode
}
