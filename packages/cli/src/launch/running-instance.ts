import { setTimeout as sleep } from 'node:timers/promises'
import { listDaemons } from '@sd/control/client'
import { type Life, readLife } from '@sd/control/life'
import { type DaemonBase, SdError } from '@sd/core'
import { isSameFile } from '../daemons/is-same-file.ts'
import { asFacts } from '../daemons/read-facts.ts'
import { withControl } from '../daemons/with-control.ts'
import { defaultPidFile } from '../pid-file/default-pid-file.ts'
import { isPidAlive, readPidFile } from '../pid-file/pid-file.ts'

/** A daemon that runs. */
interface Running {
  /** Undefined of one that does not answer. */
  readonly pid: number | undefined
  /** Its file; undefined where it is not known. */
  readonly program: string | undefined
  /** Whether it has a control socket, and does not answer. */
  readonly isSilent?: boolean
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
 * @throws SdError `SD_CLI_ALREADY_RUNNING`; `SD_CLI_MUTE` when it does not answer; `SD_CLI_RETRYING` when it waits for its next try after a failure;
 * `SD_CLI_NAME_TAKEN` when it is another daemon, of another file.
 */
export async function refuseSecond(name: string, file: string): Promise<void> {
  const running = await findLasting(name)
  if (!running) return
  const life = readLife(name)
  if (life?.isAlive && life.state === 'retrying') throw retryingError(life)
  const { pid, program, isSilent } = running
  const who = pid === undefined ? ' (and does not answer)' : `, pid ${pid}`
  const facts = { daemon: name, ...(pid !== undefined && { pid }) }
  // Who starts it again and again, as cron does, is to notice.
  if (isSilent) {
    const message = `${name} is already running${pid === undefined ? '' : `, pid ${pid}`}, and does not answer. Kill it and start it anew: sd-cli restart ${name} --force`
    throw new SdError('SD_CLI_MUTE', message, facts)
  }
  if (program === undefined || isSameFile(program, file)) {
    throw new SdError('SD_CLI_ALREADY_RUNNING', `${name} is already running${who}.`, facts)
  }
  const message = `Another daemon is named "${name}": ${program}${who}. Stop it, or give this one a name of its own.`
  throw new SdError('SD_CLI_NAME_TAKEN', message, { ...facts, program })
}

/** Says so in a daemon's log when another one of its name lives: whether there may be two is for a lock to say. */
export function tellOfSecond(daemon: DaemonBase): void {
  const other = readLife(daemon.name)
  if (!other?.isAlive || other.state === 'ended' || other.process.pid === process.pid) return
  const { pid } = other.process
  daemon.log(
    `Another daemon named "${daemon.name}" is ${other.state}, pid ${pid}. Stop it, or use a lock, if there may be one only.`,
  )
}

function retryingError({ name, process: { pid }, retry }: Life): SdError {
  const why = retry ? `: it has failed ${retry.failures} times, last with: ${retry.reason}` : ''
  const message = `${name}, pid ${pid}, waits for its next try${why}. Try at once: sd-cli restart ${name}`
  return new SdError('SD_CLI_RETRYING', message, {
    daemon: name,
    pid,
    ...(retry && { failures: retry.failures }),
  })
}

/** @returns undefined where there is none, or not any more. */
async function findLasting(name: string): Promise<Running | undefined> {
  // One that lives and does not answer may be about to end, or between two lives.
  let endsBefore = performance.now() + LAST_STEPS
  for (;;) {
    const found = (await findBySocket(name)) ?? findByLife(name)
    if (found?.isEnding) endsBefore = performance.now() + LAST_STEPS
    else if (found?.pid !== undefined) return found
    else {
      const running = found
        ? { ...found, pid: findByPidFile(name)?.pid, isSilent: true }
        : findByPidFile(name)
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
    const { state } = asFacts(await withControl(socket, (client) => client.call('stats')))
    return String(state)
  } catch {
    return undefined
  }
}

/** One without a socket, or between two lives. */
function findByLife(name: string): Running | undefined {
  const life = readLife(name)
  if (!life?.isAlive || life.state === 'ended') return undefined
  const isEnding = life.state === 'restarting' || life.state === 'stopping'
  return { pid: life.process.pid, program: life.program ?? undefined, isEnding }
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
