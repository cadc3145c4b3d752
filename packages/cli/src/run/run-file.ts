import { launchDaemon } from '../launch/launch-daemon.ts'
import { loadDaemon } from '../launch/load-daemon.ts'
import { resolveProgram } from '../launch/resolve-program.ts'
import { runCommand } from '../launch/run-command.ts'
import { type GivenSwitches, readSwitches } from '../launch/switches.ts'
import type { Output } from '../output/output.ts'

/** What `run` is called with. */
interface RunArguments extends GivenSwitches {
  readonly file: string
  readonly args: readonly string[]
  readonly rest: readonly string[]
  readonly H?: boolean | undefined
  readonly d?: boolean | undefined
  readonly i?: boolean | undefined
  readonly I?: string | undefined
  readonly install?: boolean | undefined
}

/** Runs a daemon's file in this process. @returns the exit code. */
export async function runFile(given: RunArguments, out: Output): Promise<number> {
  if (given.d && !given.detached) return (await import('../start/start-file.ts')).startFile(given, out)
  const file = resolveProgram(given.file)
  const args = [...given.args, ...given.rest]
  const switches = readSwitches(given)
  const plan = { file, args, command: runCommand(file, switches, args), switches }
  return launchDaemon(plan, (launcher) => loadDaemon(file, args, launcher))
}
