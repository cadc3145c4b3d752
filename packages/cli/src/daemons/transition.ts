import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Life, readLife } from '@sd/control/life'
import { SdError } from '@sd/core'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/with-progress.ts'
import { lookForShown, type Sighting } from './sighting.ts'

/** Milliseconds. */
const LOOK_AGAIN = 50

/** States that lead to another one by themselves: what is told to a daemon meanwhile may be lost, or answered wrongly. */
const TRANSITIONS: ReadonlySet<string> = new Set(['starting', 'restarting', 'stopping'])

/** Whether a daemon lives, and is on its way to another state. */
export function isInTransition(life: Life | undefined): boolean {
  return life?.isAlive === true && TRANSITIONS.has(life.state)
}

/**
 * Looks for a daemon, and waits while it starts, restarts or stops, as the record of its life says.
 *
 * @param isEnough - what need not be waited for. @default nothing
 * @param end - monotonic milliseconds: when it must have come to an end.
 * @throws SdError `SD_CLI_IN_TRANSITION` when it has not; and as `lookFor`.
 */
export async function lookForSettled(
  target: string,
  out: Output,
  {
    pidFile,
    end,
    isEnough = () => false,
  }: {
    readonly pidFile: string | undefined
    readonly end: number
    readonly isEnough?: (seen: Sighting) => boolean
  },
): Promise<Sighting> {
  for (;;) {
    const seen = await lookForShown(target, out, pidFile)
    // Of the directory that its socket is in: a socket of another user may claim the name of one of ours.
    const { life } = seen
    if (!life || !isInTransition(life) || isEnough(seen)) return seen
    const why = life.reason === null ? '' : ` (${life.reason})`
    await withProgress(out, `Waiting for ${seen.name}, which is ${life.state}${why}`, () =>
      waitForChange(life, end),
    )
  }
}

/**
 * Waits until a daemon has come to another state.
 *
 * @param end - monotonic milliseconds.
 * @returns what is recorded then.
 * @throws SdError `SD_CLI_IN_TRANSITION` when it is late.
 */
export async function waitForChange(life: Life, end: number): Promise<Life | undefined> {
  for (;;) {
    const now = readLife(life.name, dirname(life.path))
    if (!now?.isAlive || now.state !== life.state || now.since !== life.since) return now
    if (performance.now() >= end) throw stillUnderWay(life)
    await sleep(LOOK_AGAIN)
  }
}

function stillUnderWay({ name, state, since, process }: Life): SdError {
  const message = `${name}, pid ${process.pid}, is still ${state} (since ${since}). Wait longer with --timeout SECONDS, or end it: sd-cli stop ${name} --force`
  return new SdError('SD_CLI_IN_TRANSITION', message, { daemon: name, pid: process.pid, state })
}
