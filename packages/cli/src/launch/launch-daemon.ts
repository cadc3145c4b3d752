import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { recordFailedLoad } from '@sd/control/life'
import {
  describeFailure,
  isExpectedFailure,
  type Launcher,
  SdError,
  type StopReport,
  toError,
} from '@sd/core'
import { errorAsJson } from '../output/error-as-json.ts'
import { capturePrints } from './capture-prints.ts'
import { equipDaemon } from './equip-daemon.ts'
import { keepLastLines } from './last-lines.ts'
import type { LaunchPlan } from './launch-plan.ts'
import type { LoadedDaemon } from './load-daemon.ts'
import { logDirectory } from './log-directory.ts'
import { takePrintedFile } from './printed-file.ts'
import { LEAKED_VARIABLE } from './start-message.ts'
import { type StartPipe, takeStartPipe } from './start-pipe.ts'

/** Milliseconds after which most of what a daemon needs is loaded. */
const SETTLED = 2000

/**
 * Runs a daemon in this process until it has stopped.
 *
 * @param load - loads it, with what it is to know of its launch.
 * @returns how the stop went.
 * @throws what the start fails with.
 */
export async function launchDaemon(
  plan: LaunchPlan,
  load: (launcher: Omit<Launcher, 'prepare'>) => Promise<LoadedDaemon>,
): Promise<StopReport> {
  await closeLeaked()
  const pipe = takeStartPipe()
  const printed = takePrintedFile()
  let lines = (): string[] => []
  let name: string | null = null
  let isReplaced = false
  let isVerbose = plan.switches.verbose
  try {
    const launcher = createLauncher(plan, () => {
      isReplaced = true
    })
    const loaded = await load(launcher)
    name = loaded.name
    isVerbose = loaded.daemon.is('verbose')
    const report = await loaded.run(async (launched) => {
      lines = keepLastLines(launched.daemon)
      if (pipe) await (await import('./begin-start.ts')).beginStart(launched, pipe, printed, plan.file)
      if (plan.switches.detached && !launched.hasLogger) capturePrints(launched)
      await equipDaemon(launched, plan, () => isReplaced)
      // At an orderly end Node does this by itself, but a daemon that restarts in place has none.
      launched.daemon.on('started', () => void setTimeout(flushCompileCache, SETTLED).unref())
    })
    if (pipe && !report.error) {
      const message = `${loaded.name} has stopped before it was ready (${report.signal ?? report.reason}).`
      tellFailure(pipe, name, new SdError('SD_CLI_STOPPED', message), lines())
    }
    return report
  } catch (thrown) {
    const error = toError(thrown)
    recordFailedLoad(error)
    const isBrief = isExpectedFailure(error) && !isVerbose
    if (pipe) tellFailure(pipe, name, error, isBrief ? [] : lines(), isBrief)
    throw thrown
  }
}

/** What the launcher itself had been given, by a deploy script for instance, is not the daemon's. */
async function closeLeaked(): Promise<void> {
  const leaked = process.env[LEAKED_VARIABLE]
  delete process.env[LEAKED_VARIABLE]
  if (!leaked) return
  const { closeLeakedDescriptors } = await import('@sd/process/inherited-descriptors')
  closeLeakedDescriptors(leaked.split(',').map(Number))
}

/** What a daemon is to know of its launch. */
function createLauncher(
  { command, switches }: LaunchPlan,
  beforeReplace: () => void,
): Omit<Launcher, 'prepare'> {
  const { detached, verbose, log } = switches
  return {
    command,
    daemonized: detached,
    verbose,
    beforeReplace,
    logFile(name, own) {
      if (log !== undefined) return () => log
      // Detached, nobody reads stdout.
      return own ?? (detached ? () => join(logDirectory(), `${name}.log`) : undefined)
    },
  }
}

function tellFailure(
  pipe: StartPipe,
  name: string | null,
  error: Error,
  log: string[],
  isBrief = false,
): void {
  const { code, ...facts } = errorAsJson(error)
  const message = isBrief ? describeFailure(error) : error.message
  pipe.tell({ kind: 'failed', name, error: { ...facts, code: String(code), message }, log })
}
