import type { ControlClient } from '@sd/control/client'
import { listDaemons } from '@sd/control/client'
import { listLives } from '@sd/control/life'
import { nearestName, SdError } from '@sd/core'
import type { ProcessIdentity } from '@sd/core/process-identity'
import { describeEnd } from '../life/describe-life.ts'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/with-progress.ts'
import { lookForShown, type Sighting } from './sighting.ts'
import { withControl } from './with-control.ts'

/**
 * Asks a daemon something that it alone can tell.
 *
 * @param target - its name, its file, or its socket.
 * @throws SdError `SD_CLI_NOT_RUNNING` when it does not run, `SD_CLI_MUTE` when it has no control socket that answers.
 */
export async function askDaemon<Result>(
  target: string,
  out: Output,
  work: (client: ControlClient, seen: Sighting & { state: 'answers' }) => Promise<Result>,
): Promise<Result> {
  const seen = await lookForShown(target, out)
  if (seen.state === 'answers')
    return withProgress(out, `Asking ${seen.name}`, () =>
      withControl(seen.socket, (client) => work(client, seen)),
    )
  if (seen.state === 'mute') throw muteError(seen)
  throw await notRunningError(seen)
}

/** A daemon that could only be signalled. */
export function muteError({ name, process, why }: Sighting & { state: 'mute' }): SdError {
  const pid = process ? `, pid ${process.pid},` : ''
  const hint = process ? ` It can be stopped: sd-cli stop ${name}` : ''
  const message = `${name}${pid} runs, but cannot be asked: ${why}.${hint}`
  return new SdError('SD_CLI_MUTE', message, { daemon: name, ...(process && { pid: process.pid }) })
}

/** A daemon that answers, and whose process nobody here may signal. */
export function elsewhereError(name: string, { pid }: ProcessIdentity): SdError {
  const message = `${name} says that its pid is ${pid}, and here that is another process, or none. Is it in a container? Nobody was signalled.`
  return new SdError('SD_CLI_ELSEWHERE', message, { daemon: name, pid })
}

/** A daemon that does not run: how it has ended, or else which one may have been meant. */
export async function notRunningError({ name, state, life }: Sighting): Promise<SdError> {
  const end = life?.end
  const how = state === 'dead' ? 'has died' : 'is not running'
  const text = end ? `${name} ${how}: ${describeEnd(end)}.` : `${name} ${how}.${await suggest(name)}`
  return new SdError('SD_CLI_NOT_RUNNING', text, { daemon: name })
}

async function suggest(name: string): Promise<string> {
  const living = (await listDaemons()).filter(({ state }) => state !== 'stale')
  const nearest = nearestName(
    name,
    [...living, ...listLives()].map((each) => each.name),
  )
  return nearest === undefined || nearest === name ? '' : ` Did you mean "${nearest}"?`
}
