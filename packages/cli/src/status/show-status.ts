import { notRunningError } from '../daemons/ask-daemon.ts'
import type { DaemonStatus } from '../daemons/daemon-status.ts'
import { lookForShown, type Sighting } from '../daemons/sighting.ts'
import { withControl } from '../daemons/with-control.ts'
import { statusCodes } from '../exit-codes.ts'
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
  if (seen.state !== 'answers') return showAbsent(seen, out)
  const answer = await withProgress(out, `Asking ${seen.name}`, () =>
    withControl(seen.socket, (client) => client.call('status', { lines })),
  )
  const status = answer as unknown as DaemonStatus
  if (out.json) out.printJson({ ...status, running: true, socket: seen.socket })
  else printStatus(status, out)
  return statusCodes.running
}

async function showAbsent(seen: Exclude<Sighting, { state: 'answers' }>, out: Output): Promise<number> {
  const { name, state } = seen
  if (out.json) out.printJson({ ...describe(seen), name, state })
  else out.print(await explain(seen))
  if (state === 'mute') return statusCodes.running
  return state === 'dead' ? statusCodes.dead : statusCodes.stopped
}

function describe(seen: Exclude<Sighting, { state: 'answers' }>): Record<string, unknown> {
  if (seen.state === 'mute') return { running: true, pid: seen.process?.pid ?? null, problem: seen.why }
  return { running: false, pid: null, ...(seen.state === 'dead' && { left: seen.left }) }
}

async function explain(seen: Exclude<Sighting, { state: 'answers' }>): Promise<string> {
  switch (seen.state) {
    case 'mute': {
      const pid = seen.process ? `, pid ${seen.process.pid}` : ''
      return `${seen.name} runs${pid}. That is all that can be told: ${seen.why}.`
    }
    case 'dead':
      return `${seen.name} is dead, and has left ${seen.left.join(' and ')}. sd-cli clean removes that; a start does, too.`
    case 'stopped':
      return (await notRunningError(seen)).message
  }
}
