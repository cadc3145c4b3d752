import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { SdError } from '@sd/core'
import { isAlive, type ProcessIdentity, readIdentity } from '@sd/core/process-identity'
import { elsewhereError, muteError, notRunningError } from '../daemons/ask-daemon.ts'
import { isSeen, lookFor } from '../daemons/sighting.ts'

/** A process that signals are sent to: that very one, never another one that got its pid. */
export interface SignalTarget {
  readonly identity: ProcessIdentity
  /** The daemon's name; undefined for any other process. */
  readonly daemon: string | undefined
  /** Names it to people: `poller, pid 4711`. */
  readonly title: string
}

/**
 * Finds a process that may be signalled.
 *
 * @param text - a pid; or the name of a daemon, its file, its control socket.
 * @throws SdError `SD_CLI_NOT_RUNNING`, `SD_CLI_PERMISSION`, `SD_CLI_OWN_PROCESS`, `SD_CLI_MUTE`, `SD_CLI_ELSEWHERE`.
 */
export async function findTarget(text: string): Promise<SignalTarget> {
  return /^\d+$/.test(text) ? await findByPid(Number(text)) : await findByName(text)
}

async function findByPid(pid: number): Promise<SignalTarget> {
  const identity = readIdentity(pid)
  if (!identity) throw notRunning(`no process has the pid ${pid}`, pid)
  checkPermission(pid, `pid ${pid}`)
  return { identity, daemon: undefined, title: `pid ${pid}: ${await describeCommand(pid)}` }
}

async function findByName(given: string): Promise<SignalTarget> {
  const seen = await lookFor(given)
  if (seen.state === 'stopped' || seen.state === 'dead') throw await notRunningError(seen)
  if (seen.state === 'mute' && !seen.process) throw muteError(seen)
  const { name } = seen
  const identity = seen.process!
  const { pid } = identity
  if (!isSeen(identity)) throw elsewhereError(name, identity)
  if (!isAlive(identity)) throw notRunning(`${name} has just ended`, pid)
  checkPermission(pid, name)
  return { identity, daemon: name, title: `${name}, pid ${pid}` }
}

function checkPermission(pid: number, title: string): void {
  if (pid === process.pid) {
    const message = `${title} is this very console. Leave it with: exit`
    throw new SdError('SD_CLI_OWN_PROCESS', message, { pid })
  }
  try {
    // Signal 0 is none: it only asks whether one may.
    process.kill(pid, 0)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH') throw notRunning(`${title} has exited`, pid)
    if (code !== 'EPERM') throw error
    const message = `You may not signal ${title}: it belongs to another user. Only that user and root can.`
    throw new SdError('SD_CLI_PERMISSION', message, { pid })
  }
}

/** The command line that a process was started with, as far as the system tells. */
async function describeCommand(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8')
      // A kernel thread has none.
      return words.replaceAll('\0', ' ').trim() || (await readFile(`/proc/${pid}/comm`, 'utf8')).trim()
    }
    const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])
    return stdout.trim()
  } catch {
    return 'unknown command'
  }
}

function notRunning(what: string, pid: number): SdError {
  return new SdError('SD_CLI_NOT_RUNNING', `Not running: ${what}.`, { pid })
}
