import { setTimeout as sleep } from 'node:timers/promises'
import { listDaemons } from '@sd/control/client'
import { readLife } from '@sd/control/life'
import { SdError } from '@sd/core'
import { isSameFile } from '../daemons/is-same-file.ts'
import { withControl } from '../daemons/with-control.ts'
import { describeRetry } from '../life/describe-life.ts'
import { defaultPidFile } from '../pid-file/default-pid-file.ts'
import { isPidAlive, readPidFile } from '../pid-file/pid-file.ts'

/** A daemon that runs. */
interface Running {
  /** Undefined of one that does not answer. */
  readonly pid: number | undefined
  /** Its file; undefined where it is not known. */
  readonly program: string | undefined
  /** Whether it has been told to stop, or to restart. */
  readonly isEnding: boolean
}

/** Milliseconds. */
const LOOK_AGAIN = 50

/** Milliseconds from the end of its socket to the end of a daemon, or to its next life, on a busy machine. */
const LAST_STEPS = 3000

/**
 * Sees to it that no daemon of this name runs. One that stops is waited for: otherwise nothing would run in the end,
 * whatever was told to who has asked.
 *
 * @param file - the one that is to be started.
 * @throws SdError `SD_CLI_ALREADY_RUNNING`; `SD_CLI_RETRYING` when it fails and is tried again; `SD_CLI_NAME_TAKEN` when it is another daemon, of another file.
 */
export async function refuseSecond(name: string, file: string): Promise<void> {
  const running = await findLasting(name)
  if (!running) return
  refuseRetrying(name)
  const { pid, program } = running
  const who = pid === undefined ? ' (and does not answer)' : `, pid ${pid}`
  const facts = { daemon: name, ...(pid !== undefined && { pid }) }
  if (program === undefined || isSameFile(program, file)) {
    throw new SdError('SD_CLI_ALREADY_RUNNING', `${name} is already running${who}.`, facts)
  }
  const message = `Another daemon is named "${name}": ${program}${who}. Stop it, or give this one a name of its own.`
  throw new SdError('SD_CLI_NAME_TAKEN', message, { ...facts, program })
}

/** One that fails again and again is not what was asked for. */
function refuseRetrying(name: string): void {
  const life = readLife(name)
  if (!life?.isAlive || life.state !== 'retrying' || !life.retry) return
  const { pid } = life.process
  const message = `${name}, pid ${pid}, is retrying: it ${describeRetry(life.retry)}. Remedy that; sd-cli restart ${name} tries it at once, sd-cli stop ${name} ends it.`
  throw new SdError('SD_CLI_RETRYING', message, { daemon: name, pid, retry: life.retry })
}

/** @returns undefined where there is none, or not any more. */
async function findLasting(name: string): Promise<Running | undefined> {
  // One that lives and does not answer may be about to end, or between two lives.
  let endsBefore = performance.now() + LAST_STEPS
  for (;;) {
    const found = await findBySocket(name)
    if (found?.isEnding) endsBefore = performance.now() + LAST_STEPS
    else if (found?.pid !== undefined) return found
    else {
      const running = findByPidFile(name) ?? found
      if (!running || performance.now() >= endsBefore) return running
    }
    await sleep(LOOK_AGAIN)
  }
}

async function findBySocket(name: string): Promise<Running | undefined> {
  const found = (await listDaemons({ name })).find(({ state }) => state !== 'stale')
  if (!found) return undefined
  const { path, daemon } = found
  const state = found.state === 'alive' ? await askForState(path) : undefined
  return {
    // One that has stopped answering in between is about to be gone.
    pid: state === undefined ? undefined : daemon?.pid,
    program: daemon?.program ?? undefined,
    isEnding: state === 'draining' || state === 'stopping',
  }
}

/** @returns undefined where it does not answer any more. */
async function askForState(socket: string): Promise<string | undefined> {
  try {
    const { state } = (await withControl(socket, (client) => client.call('stats'))) as { state?: unknown }
    return String(state)
  } catch {
    return undefined
  }
}

function findByPidFile(name: string): Running | undefined {
  try {
    const record = readPidFile(defaultPidFile(name))
    return record && isPidAlive(record) ? { pid: record.pid, program: undefined, isEnding: false } : undefined
  } catch {
    // What cannot be believed tells nothing.
    return undefined
  }
}
