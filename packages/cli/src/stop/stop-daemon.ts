import { setTimeout as sleep } from 'node:timers/promises'
import type { ControlClient } from '@sd/control/client'
import { SdError } from '@sd/core'
import { type ProcessIdentity, signalProcess } from '@sd/core/process-identity'
import { elsewhereError, notRunningError } from '../daemons/ask-daemon.ts'
import { waitForEnd } from '../daemons/process-end.ts'
import { isSeen, lookForShown, type Sighting } from '../daemons/sighting.ts'
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
    let gone: boolean | 'unasked' | undefined
    if (seen.state === 'answers') gone = await askToStop(seen.socket, isSeen(process) ? 0 : timeout)
    else {
      out.say(`${name} is signalled (SIGTERM to ${process.pid}): ${seen.why}.`)
      if (seen.hasSocket && !given.force) out.say(adviseOnHung(name))
      signalProcess(process, 'SIGTERM')
    }
    // Between two lives it could not be asked, and would go on.
    if (gone === 'unasked' && isSeen(process)) signalProcess(process, 'SIGTERM')
    if (typeof gone !== 'boolean') gone = await waitForEnd(process, timeout)
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

/**
 * @param wait - milliseconds for the end of the connection: where the process cannot be seen, that is its end.
 * @returns whether it has come; undefined where it was not waited for, `unasked` where the connection was closed without an
 * answer.
 */
async function askToStop(socket: string, wait: number): Promise<boolean | 'unasked' | undefined> {
  try {
    return await withControl(socket, async (client) => {
      await client.call('stop')
      return wait === 0 ? undefined : await isClosedWithin(client, wait)
    })
  } catch (error) {
    // It may be gone before it has answered, or about to be replaced.
    if (!['SD_CONTROL_GONE', 'SD_CONTROL_NOT_RUNNING'].includes((error as SdError).code)) throw error
    return 'unasked'
  }
}

async function isClosedWithin({ closed }: ControlClient, milliseconds: number): Promise<boolean> {
  const isClosed = closed.then(() => true)
  if (!Number.isFinite(milliseconds)) return isClosed
  return Promise.race([isClosed, sleep(milliseconds, false, { ref: false })])
}

/** Its children end with it: they die when their parent does. */
async function kill(name: string, process: ProcessIdentity): Promise<void> {
  if (!isSeen(process)) throw elsewhereError(name, process)
  signalProcess(process, 'SIGKILL')
  if (await waitForEnd(process, KILLED_WITHIN)) return
  const message = `${name} was killed, and its process ${process.pid} is still there: the system holds it.`
  throw new SdError('SD_CLI_STOP_TIMEOUT', message, { daemon: name, pid: process.pid })
}

/** Its handler of SIGTERM runs in the thread that hangs, or that a debugger has paused. */
function adviseOnHung(name: string): string {
  return `If it hangs, or is paused at a breakpoint, it does not notice. Let it go on: sd-cli console ${name}. Or kill it after S seconds: sd-cli stop ${name} --force --timeout S`
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
