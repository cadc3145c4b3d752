import { join } from 'node:path'
import { type LaunchedDaemon, openRunDirectory } from '@sd/core'
import { withTakeOverGuard } from '@sd/core/unix-socket'
import type { PrintedFile } from './printed-file.ts'
import { refuseSecond } from './running-instance.ts'
import type { StartPipe } from './start-pipe.ts'

/**
 * The beginning of a start that somebody waits for.
 *
 * @param file - the daemon's.
 * @throws SdError `SD_CLI_ALREADY_RUNNING`, `SD_CLI_NAME_TAKEN`.
 */
export async function beginStart(
  { daemon, name, findLogProblem }: LaunchedDaemon,
  pipe: StartPipe,
  printed: PrintedFile | undefined,
  file: string,
): Promise<void> {
  // Two starts at the same time must not both find that none is running: the second waits for the first.
  await enterGuard(join(await openRunDirectory(), `${name}.start`), pipe.told)
  await refuseSecond(name, file)
  printed?.nameAfter(name)
  daemon.on('started', async () => {
    // What it has said of its start shows whether its log can be written; a disk that does not answer must not hold it up.
    const late = new Promise<undefined>((resolve) =>
      setTimeout(() => resolve(undefined), LOG_MAY_TAKE).unref(),
    )
    const log = (await Promise.race([findLogProblem(), late])) ?? null
    pipe.tell({ kind: 'ready', name, pid: process.pid, log })
  })
}

/** Milliseconds. */
const LOG_MAY_TAKE = 1000

/**
 * Resolves when no other start holds the guard, and holds it until `end`. A start takes as long as the daemon's `setup`: who
 * waits here is ended by whoever waits for it.
 */
function enterGuard(place: string, end: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const hold = (): Promise<void> => {
      resolve()
      return end
    }
    withTakeOverGuard(place, hold, Number.POSITIVE_INFINITY).catch(reject)
  })
}
