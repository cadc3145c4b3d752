import {
  type Awaitable,
  childServer,
  type DaemonBase,
  launcher,
  logicalPath,
  noteStart,
  SdError,
  type StopReport,
} from '@sd/core'
import { exitCodeOf } from '../exit-codes.ts'
import { argumentsOf, checkDaemonWords } from '../launch/daemon-words.ts'
import { toDaemon } from '../launch/find-daemon.ts'
import { formatSwitches, readSwitches } from '../launch/switches.ts'
import { createOutput, type Output } from '../output/output.ts'
import { reportError } from '../output/report-error.ts'
import { checkCompanions } from './check-companions.ts'
import { type OwnWords, ownOptions, readOwnWords } from './read-own-words.ts'

/**
 * Runs a daemon as the command line of its own file says: in the foreground, or with `-d` in the background, with a
 * pid file (`-p`), or not at all (`-H` help, `-i` install instructions, `-I TEMPLATE [--install]`). Under `sd-cli`, and in
 * child processes of the daemon, it is `daemon.run()`.
 *
 * What goes wrong is told on stderr, and sets the exit code.
 *
 * @param daemon - a daemon, a class of daemons, or a promise of either.
 * @param words - @default what follows the file on the command line
 * @returns how the stop went; undefined where the daemon did not run in this process.
 * @example
 * ```ts
 * import { runFromCommandLine } from '@sd/cli'
 * import { createDaemon } from '@sd/core'
 *
 * const daemon = createDaemon({ name: 'poller', interval: 1000 })
 * export default daemon
 * await runFromCommandLine(daemon)
 * ```
 */
export async function runFromCommandLine(
  daemon: Awaitable<DaemonBase | (new () => DaemonBase)>,
  words: readonly string[] = process.argv.slice(2),
): Promise<StopReport | undefined> {
  const made = toDaemon(await daemon)
  if (!made)
    throw new SdError('SD_CLI_NO_DAEMON', 'runFromCommandLine() takes a daemon, or a class of daemons.')
  if (childServer() || launcher()) return made.run()
  noteStart()
  const out = createOutput({ json: words.includes('--json') })
  try {
    const given = readOwnWords(words)
    made.readArguments(given.words)
    return await obey(made, given, out)
  } catch (error) {
    reportError(error, out)
    process.exitCode = exitCodeOf(error)
    return undefined
  }
}

async function obey(daemon: DaemonBase, given: OwnWords, out: Output): Promise<StopReport | undefined> {
  const file = logicalPath(process.argv[1] ?? '')
  checkCompanions(given)
  checkDaemonWords(daemon, given.words, Object.keys(ownOptions), !given.H && !given.i)
  if (given.H) out.print((await import('./own-help.ts')).describeOwnFile(file, daemon.describeArguments()))
  else if (given.i) await (await import('../install/print-instructions.ts')).printInstructions(daemon, out)
  else if (given.I !== undefined) await makeService(daemon, file, given, out)
  else if (given.d && !given.detached) process.exitCode = await startInBackground(file, given, out)
  else return run(daemon, file, given)
  return undefined
}

async function makeService(daemon: DaemonBase, file: string, given: OwnWords, out: Output): Promise<void> {
  const { initService } = await import('../templates/init-service.ts')
  const { name, shutdownTimeout } = daemon
  const served = { name, shutdownTimeout, file, runsItself: true, args: argumentsOf(given.words) }
  await initService(given.I!, served, { install: given.install }, out)
}

async function startInBackground(file: string, given: OwnWords, out: Output): Promise<number> {
  const { startCommand } = await import('../start/start-file.ts')
  const switches = readSwitches({ ...given, detached: true })
  return startCommand(ownCommand(file, given, true), switches.log, given, out)
}

async function run(daemon: DaemonBase, file: string, given: OwnWords): Promise<StopReport> {
  const [{ launchDaemon }, { adoptDaemon }] = await Promise.all([
    import('../launch/launch-daemon.ts'),
    import('../launch/load-daemon.ts'),
  ])
  const switches = readSwitches(given)
  const plan = { file, command: ownCommand(file, given, switches.detached), switches }
  return launchDaemon(plan, async (launcher) => adoptDaemon(daemon, file, launcher))
}

/** Node's arguments that bring this about again. */
function ownCommand(file: string, given: OwnWords, detached: boolean): string[] {
  return [file, ...formatSwitches(readSwitches({ ...given, detached })), ...given.words]
}
