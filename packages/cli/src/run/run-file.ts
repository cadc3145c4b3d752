import { exitCodes } from '../exit-codes.ts'
import { joinWords } from '../launch/daemon-words.ts'
import type { Output } from '../output/output.ts'
import type { StartArguments } from '../start/start-file.ts'
import { checkCompanions } from './check-companions.ts'
import { runProgram } from './run-program.ts'

/** What `run` is called with. */
interface RunArguments extends StartArguments {
  readonly d?: boolean | undefined
  readonly i?: boolean | undefined
  readonly I?: string | undefined
  readonly install?: boolean | undefined
}

/** Runs a daemon's file in this process, or does what else the switches ask for. @returns the exit code. */
export async function runFile(given: RunArguments, out: Output): Promise<number> {
  const { i, I, d, detached } = given
  checkCompanions(given)
  if (i) await (await import('../install/print-instructions.ts')).printInstructionsOf(given, out)
  else if (I !== undefined) await makeService(I, given, out)
  else if (d && !detached) return (await import('../start/start-file.ts')).startFile(given, out)
  else return runProgram(given.file, joinWords(given), given)
  return exitCodes.ok
}

async function makeService(template: string, given: RunArguments, out: Output): Promise<void> {
  const { runInit } = await import('../templates/run-init.ts')
  await runInit({ ...given, template, 'dry-run': false }, out)
}
