import { listDaemons } from '@sd/control/client'
import { SdError } from '@sd/core'
import { isSameFile } from '../daemons/is-same-file.ts'
import { defaultPidFile } from '../pid-file/default-pid-file.ts'
import { isPidAlive, readPidFile } from '../pid-file/pid-file.ts'

/** A daemon that runs. */
interface Running {
  /** Undefined of one that does not answer. */
  readonly pid: number | undefined
  /** Its file; undefined where it is not known. */
  readonly program: string | undefined
}

/**
 * Sees to it that no daemon of this name runs.
 *
 * @param file - the one that is to be started.
 * @throws SdError `SD_CLI_ALREADY_RUNNING`; `SD_CLI_NAME_TAKEN` when it is another daemon, of another file.
 */
export async function refuseSecond(name: string, file: string): Promise<void> {
  const running = (await findAnswering(name)) ?? findByPidFile(name)
  if (!running) return
  const { pid, program } = running
  const who = pid === undefined ? ' (and does not answer)' : `, pid ${pid}`
  const facts = { daemon: name, ...(pid !== undefined && { pid }) }
  if (program === undefined || isSameFile(program, file)) {
    throw new SdError('SD_CLI_ALREADY_RUNNING', `${name} is already running${who}.`, facts)
  }
  const message = `Another daemon is named "${name}": ${program}${who}. Stop it, or give this one a name of its own.`
  throw new SdError('SD_CLI_NAME_TAKEN', message, { ...facts, program })
}

async function findAnswering(name: string): Promise<Running | undefined> {
  const found = (await listDaemons({ name })).find(({ state }) => state !== 'stale')
  return found && { pid: found.daemon?.pid, program: found.daemon?.program ?? undefined }
}

function findByPidFile(name: string): Running | undefined {
  try {
    const record = readPidFile(defaultPidFile(name))
    return record && isPidAlive(record) ? { pid: record.pid, program: undefined } : undefined
  } catch {
    // What cannot be believed tells nothing.
    return undefined
  }
}
