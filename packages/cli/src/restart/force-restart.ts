import { readFileSync, readlinkSync } from 'node:fs'
import { SdError } from '@sd/core'
import { type ProcessIdentity, signalProcess } from '@sd/core/process-identity'
import { waitForEnd } from '../daemons/process-end.ts'
import { isOwnProcess } from '../daemons/process-of-daemon.ts'
import { isSeen, type Sighting } from '../daemons/sighting.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output/output.ts'
import { startCommand } from '../start/start-file.ts'

/** Milliseconds that a killed process may take to be gone. */
const KILLED_WITHIN = 10_000

/** How a process was started. */
interface Launch {
  /** Node's arguments, without its own program. */
  readonly command: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly directory: string
}

/**
 * Kills a daemon that does not answer, and starts it anew as it was started: same arguments, environment and directory. One that
 * `sd-cli start` has not started is only killed: to start it anew is for its supervisor.
 *
 * @param timeout - seconds that the start may take.
 * @returns the exit code.
 */
export async function forceRestart(
  { name, process }: Sighting & { state: 'mute' },
  timeout: number,
  out: Output,
): Promise<number> {
  if (!process || !isSeen(process)) {
    throw new SdError('SD_CLI_MUTE', `${name} cannot be killed: nothing tells its process.`, { daemon: name })
  }
  // What it was started with is read from its own memory: of another user's process, root would run any command.
  if (!isOwnProcess(process.pid)) {
    const message = `${name}, pid ${process.pid}, runs as another user, who decides what would be started anew. Stop it, and start it yourself: sd-cli stop ${name} --force`
    throw new SdError('SD_CLI_PERMISSION', message, { daemon: name, pid: process.pid })
  }
  const launch = readLaunch(process)
  signalProcess(process, 'SIGKILL')
  if (!(await waitForEnd(process, KILLED_WITHIN))) {
    const message = `${name} was killed, and its process ${process.pid} is still there: the system holds it.`
    throw new SdError('SD_CLI_STOP_TIMEOUT', message, { daemon: name, pid: process.pid })
  }
  if (!launch) {
    const text = `${name}, pid ${process.pid}, was killed. sd-cli start has not started it, so its supervisor is to start it anew.`
    if (out.json) out.printJson({ name, pid: null, killed: process.pid, started: false })
    else out.print(text)
    return exitCodes.ok
  }
  out.say(`${name}, pid ${process.pid}, was killed. It is started anew.`)
  const { command, environment, directory } = launch
  const log = command.find((word) => word.startsWith('--log='))?.slice('--log='.length)
  return startCommand(command, log, { cwd: directory, timeout, environment }, out)
}

/** @returns undefined for a process that `sd-cli start` has not started, or where the system does not tell. */
function readLaunch({ pid }: ProcessIdentity): Launch | undefined {
  try {
    const read = (name: string): string[] =>
      readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0').slice(0, -1)
    const [, ...command] = read('cmdline')
    if (!command.includes('--detached')) return undefined
    const environment = Object.fromEntries(read('environ').map((entry) => entry.split(/=(.*)/s)))
    return { command, environment, directory: environment.PWD ?? readlinkSync(`/proc/${pid}/cwd`) }
  } catch {
    return undefined
  }
}
