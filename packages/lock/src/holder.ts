import { SdError } from '@sd/core'
import { escapeText } from '@sd/core/escape-text'
import { readOwnPlace } from '@sd/core/own-place'

/** Who has a lock: what a backend stores. Plain data, the same over every backend. */
export interface LockHolder {
  /** The lease's: unlike any other. */
  readonly id: string
  /** The lock's name. */
  readonly name: string
  readonly pid: number
  /** When the process began, as its system counts it: with the pid it names one process. */
  readonly startTime: string
  /** The worker thread; 0: the main one. */
  readonly thread: number
  readonly host: string
  /** Names the boot of the machine; empty where the system does not tell. */
  readonly boot: string
  /** Names the namespaces in which `pid` and `renewedAt` mean something; empty where there are none. */
  readonly namespaces: string
  /** Fencing token: greater than every one before. */
  readonly token: number
  /** Milliseconds from `renewedAt`. */
  readonly ttl: number
  /** The time of day at which the lock was taken, for people. */
  readonly since: string
  /** How often the lock was renewed. */
  readonly renewals: number
  /** Monotonic time of the last renewal, milliseconds; compares within one boot only. */
  readonly renewedAt: number
  /** Whether its process replaces itself in place: the next program of the process takes the lease up. */
  readonly restarting?: boolean
}

/** The fields, by what they are. */
const texts = ['id', 'startTime', 'host', 'boot', 'namespaces', 'since'] as const
const numbers = ['pid', 'thread', 'token', 'ttl', 'renewals', 'renewedAt'] as const

/**
 * Reads a holder from what a backend has stored.
 *
 * @returns undefined when it is no holder: damaged, or another program's.
 */
export function parseHolder(text: string): LockHolder | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isHolder(value) ? value : undefined
}

/** What may be shown to people: a server, or a member of one's group, may have written anything. */
const PLAIN = /^\P{C}{0,255}$/u

/** Whether it has all that a holder has. */
export function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== 'object' || value === null) return false
  const found = value as Record<string, unknown>
  return (
    typeof found.name === 'string' &&
    texts.every((field) => typeof found[field] === 'string' && PLAIN.test(found[field])) &&
    numbers.every((field) => Number.isFinite(found[field])) &&
    (found.restarting === undefined || typeof found.restarting === 'boolean') &&
    isToken(found.token)
  )
}

/** Whether there can be a next one, which is greater. */
function isToken(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < Number.MAX_SAFE_INTEGER
}

/** `process 4711 on web1, since 2026-01-31T18:04:06.042Z`. */
export function describeHolder({ pid, host, since, restarting, ...place }: LockHolder): string {
  const self = readOwnPlace()
  // Pids in containers are small: it may be one's own there, too.
  const isContained = place.boot === self.boot && place.namespaces !== self.namespaces
  const where = isContained ? ` in another container on ${host}` : ` on ${host}`
  return escapeText(`process ${pid}${where}, since ${since}${restarting ? ' (restarting)' : ''}`)
}

/**
 * `SD_LOCK_HELD`, with the facts `lock`, `place` and `holder`.
 *
 * @param provesDeath - whether the holder would be known to be dead if it were.
 */
export function heldError(
  name: string,
  place: string,
  holder: LockHolder | undefined,
  provesDeath: boolean,
): SdError {
  const who = holder ? describeHolder(holder) : 'somebody who cannot be read'
  const hope =
    holder && !provesDeath ? ` If that one has died, the lock is free within ${holder.ttl} ms.` : ''
  const message = `The lock "${name}" is held by ${who} (${place}). Stop that one first, or wait for it with the option "wait".${hope}`
  const error = new SdError('SD_LOCK_HELD', message, { lock: name, place, holder })
  // It is for the person who starts a daemon twice: where in our code it was made tells them nothing.
  error.stack = `${error.name}: ${error.message}`
  return error
}
