import { join } from 'node:path'
import { type LaunchedDaemon, runDirectory, SdError } from '@sd/core'
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
  { daemon, name }: LaunchedDaemon,
  pipe: StartPipe,
  printed: PrintedFile | undefined,
  file: string,
): Promise<void> {
  // Two starts at the same time must not both find that none is running: the second waits for the first.
  await new Promise<void>((resolve, reject) => {
    const place = join(runDirectory(), `${name}.start`)
    withTakeOverGuard(place, async () => {
      resolve()
      await pipe.told
    }).catch(() => {
      const message = `Another start of ${name} is under way.`
      reject(new SdError('SD_CLI_STARTING', message, { daemon: name }))
    })
  })
  await refuseSecond(name, file)
  printed?.nameAfter(name)
  daemon.on('started', () => {
    pipe.tell({ kind: 'ready', name, pid: process.pid, log: null })
  })
}
