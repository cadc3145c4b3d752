import { SdError, suggestName } from '@sd/core'
import { signalProcess, wouldEndUnheard } from '@sd/core/process-identity'
import { elsewhereError, notRunningError } from '../daemons/ask-daemon.ts'
import { isSeen, lookForShown, type Sighting } from '../daemons/sighting.ts'
import type { Output } from '../output/output.ts'
import { findSignal, signalNames } from '../signals/find-signal.ts'
import { explainUnheard } from './unheard-signal.ts'
import { waitUntilHeard } from './wait-until-heard.ts'

/** What `signal` is called with. */
interface SignalArguments {
  readonly daemon: string
  readonly signal: string
  readonly 'pid-file'?: string | undefined
  readonly force: boolean
}

/** Sends a daemon a signal: that very process, never another one that got its pid. */
export async function sendSignal(given: SignalArguments, out: Output): Promise<void> {
  const signal = readSignal(given.signal)
  const seen = await lookForListening(given, signal, out)
  const { name } = seen
  if (seen.state === 'stopped' || seen.state === 'dead') throw await notRunningError(seen)
  const { process } = seen
  if (process && !isSeen(process)) throw elsewhereError(name, process)
  if (process && !given.force && wouldEndUnheard(process, signal)) {
    const what = `${name}, pid ${process.pid}`
    const message = `${explainUnheard(what, signal)} End it with: sd-cli stop ${name}. To send it all the same, use --force.`
    throw new SdError('SD_CLI_UNHEARD', message, { daemon: name, pid: process.pid, signal })
  }
  if (!process || !signalProcess(process, signal)) {
    const why =
      seen.state === 'mute' ? `: ${seen.why}, and no pid file tells its process` : ': it has just ended'
    throw new SdError('SD_CLI_MUTE', `${name} cannot be signalled${why}.`, { daemon: name })
  }
  if (out.json) out.printJson({ name, pid: process.pid, signal })
  else out.print(`${signal} was sent to ${name}, pid ${process.pid}.`)
}

/** Between two lives nothing may listen yet: Node would end, or open its inspector. */
async function lookForListening(given: SignalArguments, signal: string, out: Output): Promise<Sighting> {
  for (;;) {
    const seen = await lookForShown(given.daemon, out, given['pid-file'])
    if (!(await waitUntilHeard(seen.life, signal, out))) return seen
  }
}

function readSignal(given: string): NodeJS.Signals {
  const signal = findSignal(given)
  if (signal) return signal
  // With the prefix, letters that have changed places count less.
  const known = signalNames().map((name) => `SIG${name}`)
  const hint = suggestName(`SIG${given.toUpperCase().replace(/^SIG/, '')}`, known)
  throw new SdError('SD_CLI_USAGE', `There is no signal "${given}".${hint}`)
}
