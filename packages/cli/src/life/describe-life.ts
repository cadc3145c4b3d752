import { isCrash, type Life, type LifeEnd, type Retry } from '@sd/control/life'
import { formatDuration } from '../output/format-values.ts'

/** How a daemon stands that does not answer: `retrying`, `crashed`, and so on. */
export function stateOfLife({ state, end }: Life): string {
  if (state !== 'ended') return state
  return end && isCrash(end) ? 'crashed' : 'stopped'
}

/** `stopped by SIGTERM, exit code 0, 5 min ago` */
export function describeEnd(end: LifeEnd, now = Date.now()): string {
  const code = end.exitCode === null ? undefined : `exit code ${end.exitCode}`
  const ago = end.at === null ? undefined : `${formatDuration(Math.max(0, now - Date.parse(end.at)))} ago`
  return [describeCause(end), code, ago].filter((part) => part !== undefined).join(', ')
}

/** `failed 3 of at most 10 times, next try in 12.0 s: the database is away` */
export function describeRetry({ reason, failures, limit, next }: Retry, now = Date.now()): string {
  const when =
    next === null ? 'is tried now' : `next try in ${formatDuration(Math.max(0, Date.parse(next) - now))}`
  return `failed ${failures} of at most ${limit} times, ${when}: ${firstLine(reason)}`
}

function describeCause({ reason, why, error }: LifeEnd): string {
  const about = error ? `: ${firstLine(error.message)}` : ''
  switch (reason) {
    case 'signal':
      return `stopped by ${why}`
    case 'stop':
      return 'stopped by its program'
    case 'restart':
      return `restarted: ${firstLine(why)}`
    case 'fatal':
      return `a fatal error${about}`
    case 'failed-start':
      return `a failed start${about}`
    default:
      return firstLine(why)
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!
}
