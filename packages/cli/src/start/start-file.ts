import { SdError } from '@sd/core'
import { interruption } from '../interruption.ts'
import { joinWords } from '../launch/daemon-words.ts'
import { resolveProgram } from '../launch/resolve-program.ts'
import { runCommand } from '../launch/run-command.ts'
import { type GivenSwitches, readSwitches } from '../launch/switches.ts'
import type { Output } from '../output/output.ts'
import { readTimeout } from '../read-timeout.ts'
import { checkDirectory } from './check-directory.ts'
import { reportStart } from './report-start.ts'
import { type DetachedStart, startDetached } from './start-detached.ts'

/** What `start` is called with. */
export interface StartArguments extends GivenSwitches {
  readonly file: string
  readonly args: readonly string[]
  readonly rest: readonly string[]
  readonly cwd?: string | undefined
  readonly umask?: string | undefined
  /** Seconds. */
  readonly timeout?: number | undefined
}

/** Starts a daemon's file in the background. @returns the exit code. */
export async function startFile(given: StartArguments, out: Output): Promise<number> {
  const file = resolveProgram(given.file)
  const switches = readSwitches({ ...given, detached: true })
  const command = runCommand(file, switches, joinWords(given))
  return startCommand(command, switches.log, given, out)
}

/** @param command - Node's arguments, without its own flags. @returns the exit code. */
export async function startCommand(
  command: readonly string[],
  log: string | undefined,
  {
    cwd,
    umask,
    timeout = 60,
    environment,
  }: Pick<StartArguments, 'cwd' | 'umask' | 'timeout'> & Pick<DetachedStart, 'environment'>,
  out: Output,
): Promise<number> {
  checkDirectory(cwd)
  const start = { command, cwd, environment, umask: readUmask(umask), log, timeout: readTimeout(timeout) }
  const interrupted = interruption()
  const progress = out.progress('Starting')
  try {
    const outcome = await startDetached(start, interrupted.signal)
    progress.end()
    return reportStart(outcome, out)
  } finally {
    progress.end()
    interrupted.end()
  }
}

function readUmask(given: string | undefined): number {
  // Daemons' files are not for everybody to write, whatever the shell is set to.
  if (given === undefined) return process.umask() | 0o022
  if (/^[0-7]{1,4}$/.test(given)) return Number.parseInt(given, 8)
  throw new SdError('SD_CLI_USAGE', `--umask must be an octal number, for instance 077, not "${given}".`)
}
