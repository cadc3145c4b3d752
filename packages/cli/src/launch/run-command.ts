import { isSameEntry, logicalPath } from '@sd/core'
import { ownProgram } from '../own-program.ts'
import { formatSwitches, type LaunchSwitches } from './switches.ts'

/**
 * Node's arguments that run a daemon's file with us: those of a detached process, and of each that replaces it.
 *
 * @param words - for the daemon, with the `--` where there is one.
 */
export function runCommand(file: string, switches: LaunchSwitches, words: readonly string[]): string[] {
  return [calledProgram(), 'run', ...formatSwitches(switches), file, ...words]
}

/** Ourselves, as we were called: a release that is replaced behind a link may bring its own copy of us. */
function calledProgram(): string {
  const own = ownProgram()
  const called = process.argv[1]
  return called !== undefined && isSameEntry(called, own) ? logicalPath(called) : own
}
