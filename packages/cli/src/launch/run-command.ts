import { ownProgram } from '../own-program.ts'
import { formatSwitches, type LaunchSwitches } from './switches.ts'

/**
 * Node's arguments that run a daemon's file with us: those of a detached process, and of each that replaces it.
 *
 * @param args - for the daemon.
 */
export function runCommand(file: string, switches: LaunchSwitches, args: readonly string[]): string[] {
  const forDaemon = args.length > 0 ? ['--', ...args] : []
  return [ownProgram(), 'run', ...formatSwitches(switches), file, ...forDaemon]
}
