import { exitCodes } from '../exit-codes.ts'
import { launchDaemon } from '../launch/launch-daemon.ts'
import { loadDaemon } from '../launch/load-daemon.ts'
import { resolveProgram } from '../launch/resolve-program.ts'
import { runCommand } from '../launch/run-command.ts'
import { readSwitches } from '../launch/switches.ts'
import type { Output } from '../output/output.ts'
import type { StartArguments } from '../start/start-file.ts'

/** What `run` is called with. */
export interface RunArguments extends StartArguments {
  readonly d?: boolean | undefined
  readonly i?: boolean | undefined
  readonly I?: string | undefined
  readonly install?: boolean | undefined
}

/** Runs a daemon's file in this process, or does what else the switches ask for. @returns the exit code. */
export async function runFile(given: RunArguments, out: Output): Promise<number> {
  const { i, I, d, detached } = given
  if (i) await (await import('../install/print-instructions.ts')).printInstructionsOf(given, out)
  else if (I !== undefined) await makeService(I, given, out)
  else if (d && !detached) return (await import('../start/start-file.ts')).startFile(given, out)
  else return run(given)
  return exitCodes.ok
}

async function run(given: RunArguments): Promise<number> {
  const file = resolveProgram(given.file)
  const args = [...given.args, ...given.rest]
  const switches = readSwitches(given)
  const plan = { file, args, command: runCommand(file, switches, args), switches }
  const report = await launchDaemon(plan, (launcher) => loadDaemon(file, args, launcher))
  return report.exitCode
}

async function makeService(template: string, given: RunArguments, out: Output): Promise<void> {
  const { runInit } = await import('../templates/run-init.ts')
  await runInit({ ...given, template, 'dry-run': false }, out)
}
