import { listDaemons } from '@sd/control/client'
import { SdError } from '@sd/core'
import { defaultPidFile } from '../pid-file/default-pid-file.ts'
import { isPidAlive, readPidFile } from '../pid-file/pid-file.ts'

/** @throws SdError `SD_CLI_ALREADY_RUNNING` when a daemon of this name runs. */
export async function refuseSecond(name: string): Promise<void> {
  const pid = (await askForPid(name)) ?? readPid(name)
  if (pid === undefined) return
  const message = `${name} is already running${pid === null ? ' (and does not answer)' : `, pid ${pid}`}.`
  throw new SdError('SD_CLI_ALREADY_RUNNING', message, { daemon: name, ...(pid !== null && { pid }) })
}

/** @returns null of one that does not answer, undefined where there is none. */
async function askForPid(name: string): Promise<number | null | undefined> {
  const found = (await listDaemons({ name })).find(({ state }) => state !== 'stale')
  return found && (found.daemon?.pid ?? null)
}

function readPid(name: string): number | undefined {
  try {
    const record = readPidFile(defaultPidFile(name))
    return record && isPidAlive(record) ? record.pid : undefined
  } catch {
    // What cannot be believed tells nothing.
    return undefined
  }
}
