import type { Life } from '@sd/control/life'
import { notRunningError } from '../daemons/ask-daemon.ts'
import { readStatus } from '../daemons/daemon-status.ts'
import { lookForShown, type Sighting } from '../daemons/sighting.ts'
import { withControl } from '../daemons/with-control.ts'
import { statusCodes } from '../exit-codes.ts'
import { stateOfLife } from '../life/describe-life.ts'
import { printLife } from '../life/print-life.ts'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/with-progress.ts'
import { readLineCount } from '../read-line-count.ts'
import { printStatus } from './print-status.ts'

/** What `status` is called with. */
interface StatusArguments {
  readonly daemon: string
  readonly 'pid-file'?: string | undefined
  /** How many lines of the log are shown. */
  readonly lines: number
}

/** More than a daemon tells with its status. */
const MOST_LINES = 1000

/** Tells how a daemon is. @returns the exit code, which tells it, too. */
export async function showStatus(given: StatusArguments, out: Output): Promise<number> {
  const lines = readLineCount(given.lines, MOST_LINES)
  const seen = await lookForShown(given.daemon, out, given['pid-file'])
  if (seen.state !== 'answers') return showAbsent(seen, lines, out)
  const answer = await withProgress(out, `Asking ${seen.name}`, () =>
    withControl(seen.socket, (client) => client.call('status', { lines })),
  )
  const status = readStatus(answer)
  if (out.json)
    out.printJson({ ...(answer as object), ...lastLife(seen), running: true, socket: seen.socket })
  else printStatus(status, seen.life, out)
  return status.state === 'starting' ? statusCodes.unhealthy : statusCodes.running
}

type Absent = Exclude<Sighting, { state: 'answers' }>

async function showAbsent(seen: Absent, lines: number, out: Output): Promise<number> {
  if (out.json) out.printJson(describe(seen))
  else {
    out.print(await explain(seen))
    if (seen.life) printLife(seen.life, lines, out)
  }
  return codeOf(seen)
}

function codeOf({ state, life, ...seen }: Absent): number {
  if (state === 'stopped') return statusCodes.stopped
  if (state === 'dead') return statusCodes.dead
  // What has no socket by choice cannot be asked how it is.
  const isWell = !('hasSocket' in seen && seen.hasSocket) && (!life?.isAlive || life.state === 'running')
  return isWell ? statusCodes.running : statusCodes.unhealthy
}

function describe(seen: Absent): Record<string, unknown> {
  const { name, life } = seen
  const facts = {
    name,
    ...lastLife(seen),
    program: life?.program ?? null,
    logFile: life ? { path: life.logFile } : null,
  }
  if (seen.state === 'mute') {
    const state = isUnderway(seen) ? life!.state : 'mute'
    const { process, why } = seen
    return {
      ...facts,
      running: true,
      state,
      pid: process?.pid ?? null,
      problem: why,
      retry: life?.retry ?? null,
    }
  }
  const state = seen.state === 'dead' || !life ? seen.state : stateOfLife(life)
  return { ...facts, running: false, state, pid: null, ...(seen.state === 'dead' && { left: seen.left }) }
}

/** Whether its record says why it does not answer. */
function isUnderway({ life, ...seen }: Absent): boolean {
  return seen.state === 'mute' && !seen.hasSocket && life?.isAlive === true && life.state !== 'running'
}

/** How the lives before have ended, for programs. */
function lastLife({ life }: Sighting): Pick<Life, 'end' | 'crash'> | object {
  return life ? { end: life.end, crash: life.crash } : {}
}

async function explain(seen: Absent): Promise<string> {
  const { name } = seen
  switch (seen.state) {
    case 'mute': {
      const pid = seen.process ? `, pid ${seen.process.pid}` : ''
      if (isUnderway(seen)) return `${name} does not serve now${pid}: ${seen.why}.`
      return `${name} runs${pid}. That is all that can be told: ${seen.why}.`
    }
    case 'dead':
      return `${name} is dead, and has left ${seen.left.join(' and ')}. sd-cli clean removes that; a start does, too.`
    case 'stopped':
      return (await notRunningError(seen)).message
  }
}
