import { type BackOff, NO_FAILURES } from '../back-off.ts'

/** What a daemon that is replaced hands over to the one that takes its place. */
export interface HandedOver {
  /** The process it is for: itself where it is replaced in place. Anybody else must not believe it. */
  readonly pid?: number
  /** The process that hands over, where it is another one. */
  readonly predecessor?: number
  /** How often the daemon has been replaced. */
  readonly restarts: number
  /** Why, the last time. */
  readonly reason: string
  /** Milliseconds that the daemon has been up, all times together. */
  readonly upBefore: number
  readonly failures: BackOff
}

/** The environment variable that carries it. It is gone as soon as it is read: children never see it. */
export const HAND_OVER_VARIABLE = 'SD_RESTART'

/** Of a daemon that was started, not restarted. */
const NOTHING: HandedOver = Object.freeze({ restarts: 0, reason: '', upBefore: 0, failures: NO_FAILURES })

/** A process has one, however many daemons live in it, and whichever copies of this package they come with. */
const KEY: unique symbol = Symbol.for('sd.handedOver') as never
const place = globalThis as { [KEY]?: HandedOver }

/** What was handed over to this process. Read once, and then taken out of the environment. */
export function takeHandedOver(): HandedOver {
  if (!place[KEY]) {
    place[KEY] = readHandedOver(process.env[HAND_OVER_VARIABLE]) ?? NOTHING
    delete process.env[HAND_OVER_VARIABLE]
  }
  return place[KEY]
}

/** @returns undefined for what is not meant for this process, or was not written by a daemon. */
export function readHandedOver(text: string | undefined, pid = process.pid): HandedOver | undefined {
  if (!text) return undefined
  try {
    const given = JSON.parse(text) as HandedOver
    const { restarts, upBefore, reason, failures, predecessor } = given
    const numbers = [restarts, upBefore, failures.score, failures.since, failures.pausedUntil]
    const isWhole = numbers.every(Number.isFinite) && typeof reason === 'string'
    const isMine = predecessor === undefined ? given.pid === pid : Number.isSafeInteger(predecessor)
    return isWhole && isMine ? given : undefined
  } catch {
    return undefined
  }
}
