import { SdError } from '@sd/core'
import { type ProcessIdentity, signalProcess } from '@sd/core/process-identity'
import { notRunningError } from '../daemons/ask-daemon.ts'
import { waitForEnd } from '../daemons/process-end.ts'
import { lookForShown, type Sighting } from '../daemons/sighting.ts'
import { withControl } from '../daemons/with-control.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output/output.ts'
import { readTimeout } from '../read-timeout.ts'

/** What `stop` is called with. */
interface StopArguments {
  readonly daemon: string
  readonly 'pid-file'?: string | undefined
  /** Seconds. */
  readonly timeout: number
  readonly force: boolean
}

/** Milliseconds that a killed process may take to be gone. */
const KILLED_WITHIN = 10_000

/** Stops a daemon, and waits until it has gone. @returns the exit code. */
export async function stopDaemon(given: StopArguments, out: Output): Promise<number> {
  const timeout = readTimeout(given.timeout)
  const seen = await lookForShown(given.daemon, out, given['pid-file'])
  const { name } = seen
  if (seen.state === 'stopped' || seen.state === 'dead') {
    tell(out, { name, pid: null, stopped: false }, await describeAbsent(seen))
    return exitCodes.ok
  }
  const { process } = seen
  if (!process) {
    const why = seen.state === 'mute' ? seen.why : 'it has just ended'
    throw new SdError('SD_CLI_MUTE', `${name} cannot be stopped: ${why}, and no pid file tells its process.`)
  }
  const progress = out.progress(`Stopping ${name}`)
  try {
    if (seen.state === 'answers') await askToStop(seen.socket)
    else {
      out.say(`${name} is signalled (SIGTERM to ${process.pid}): ${seen.why}.`)
      signalProcess(process, 'SIGTERM')
    }
    const gone = await waitForEnd(process, timeout)
    if (!gone && !given.force) throw stillThere(name, process, given.timeout)
    if (!gone) await kill(name, process)
    progress.end()
    tell(
      out,
      { name, pid: process.pid, stopped: true, ...(!gone && { killed: true }) },
      gone ? `${name} has stopped.` : `${name} did not stop within ${given.timeout} s, and was killed.`,
    )
    return exitCodes.ok
  } finally {
    progress.end()
  }
}

async function askToStop(socket: string): Promise<void> {
  try {
    await withControl(socket, (client) => client.call('stop'))
  } catch (error) {
    // It may be gone before it has answered.
    if (!['SD_CONTROL_GONE', 'SD_CONTROL_NOT_RUNNING'].includes((error as SdError).code)) throw error
  }
}

/** Its children end with it: they die when their parent does. */
async function kill(name: string, process: ProcessIdentity): Promise<void> {
  signalProcess(process, 'SIGKILL')
  if (await waitForEnd(process, KILLED_WITHIN)) return
  const message = `${name} was killed, and its process ${process.pid} is still there: the system holds it.`
  throw new SdError('SD_CLI_STOP_TIMEOUT', message, { daemon: name, pid: process.pid })
}

function stillThere(name: string, { pid }: ProcessIdentity, timeout: number): SdError {
  const message = `${name}, pid ${pid}, has been told to stop, and has not within ${timeout} s. Wait longer with --timeout SECONDS, or end it with --force.`
  return new SdError('SD_CLI_STOP_TIMEOUT', message, { daemon: name, pid })
}

async function describeAbsent(seen: Sighting): Promise<string> {
  if (seen.state !== 'dead') return (await notRunningError(seen)).message
  return `${seen.name} is not running: it has died. What it has left is removed by: sd-cli clean`
}

function tell(out: Output, facts: Readonly<Record<string, unknown>>, text: string): void {
  if (out.json) out.printJson(facts)
  else out.print(text)
}
