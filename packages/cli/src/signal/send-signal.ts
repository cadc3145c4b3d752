import { constants } from 'node:os'
import { SdError, suggestName } from '@sd/core'
import { signalProcess } from '@sd/core/process-identity'
import { notRunningError } from '../daemons/ask-daemon.ts'
import { lookForShown } from '../daemons/sighting.ts'
import type { Output } from '../output/output.ts'

/** What `signal` is called with. */
interface SignalArguments {
  readonly daemon: string
  readonly signal: string
  readonly 'pid-file'?: string | undefined
}

/** Sends a daemon a signal: that very process, never another one that got its pid. */
export async function sendSignal(given: SignalArguments, out: Output): Promise<void> {
  const signal = readSignal(given.signal)
  const seen = await lookForShown(given.daemon, out, given['pid-file'])
  const { name } = seen
  if (seen.state === 'stopped' || seen.state === 'dead') throw await notRunningError(seen)
  const { process } = seen
  if (!process || !signalProcess(process, signal)) {
    const why =
      seen.state === 'mute' ? `: ${seen.why}, and no pid file tells its process` : ': it has just ended'
    throw new SdError('SD_CLI_MUTE', `${name} cannot be signalled${why}.`, { daemon: name })
  }
  if (out.json) out.printJson({ name, pid: process.pid, signal })
  else out.print(`${signal} was sent to ${name}, pid ${process.pid}.`)
}

/** @returns `SIGUSR1` for `usr1`, `USR1`, `SIGUSR1` and its number. */
function readSignal(given: string): NodeJS.Signals {
  const names = Object.keys(constants.signals)
  const numbered = names.find((name) => String(constants.signals[name as NodeJS.Signals]) === given)
  const upper = given.toUpperCase()
  const name = numbered ?? (upper.startsWith('SIG') ? upper : `SIG${upper}`)
  if (names.includes(name)) return name as NodeJS.Signals
  throw new SdError('SD_CLI_USAGE', `There is no signal "${given}".${suggestName(name, names)}`)
}
