import type { LifeState } from '@sd/core'
import { isDaemonName } from '@sd/core'
import type { ProcessIdentity } from '@sd/core/process-identity'

/** A line of the log, as it is kept in a record. */
export type KeptLine = Readonly<Record<'time' | 'label' | 'level' | 'message', string>> & {
  readonly pid: number
}

/** How a life of a daemon has ended. */
export interface LifeEnd {
  readonly pid: number
  /** ISO 8601; null where the process had no time to say so. */
  readonly at: string | null
  /**
   * `stop`, `signal`, `restart`, `fatal`, `failed-start` (those of a stop report), `exit`: the process ended without
   * stopping the daemon; `killed`: it ended without a word, by SIGKILL or by a crash of Node.
   */
  readonly reason: string
  /** The same in words: a signal's name, why it was restarted. */
  readonly why: string
  /** Null where the process goes on, or did not say. */
  readonly exitCode: number | null
  /** Milliseconds that this life lasted; null where it is not known. */
  readonly uptime: number | null
  readonly error: {
    readonly name: string
    readonly message: string
    readonly code: string | null
    readonly stack: string | null
  } | null
  /** The last lines of the log. */
  readonly log: readonly KeptLine[]
}

/** What waits for the next try of a daemon that fails. */
export interface Retry {
  /** What it has failed with. */
  readonly reason: string
  readonly failures: number
  /** After how many failures it is given up. */
  readonly limit: number
  /** ISO 8601; null while a try is under way. */
  readonly next: string | null
}

/** What is kept of a daemon's life in the run directory. */
export interface LifeRecord {
  readonly name: string
  /** The process of the life that is told of. */
  readonly process: ProcessIdentity & {
    /** Names the boot of the machine; empty where the system does not tell. */
    readonly boot: string
  }
  readonly state: LifeState
  /** Since when, ISO 8601. */
  readonly since: string
  /** In `stopping` and `restarting`: why. */
  readonly reason: string | null
  /** In `retrying`. */
  readonly retry: Retry | null
  /** The file that it runs. */
  readonly program: string | null
  readonly logFile: string | null
  /** Where the process prints, where that is not the log. */
  readonly outFile: string | null
  readonly pidFile: string | null
  /** How the last life has ended: in `ended` the one that is told of, else the one before. */
  readonly end: LifeEnd | null
  /** How the last life has ended that ended badly, where a better one followed. */
  readonly crash: LifeEnd | null
}

/** Bytes that a record has at most. */
export const LONGEST_RECORD = 64 * 1024

/** Characters of a text of a record: a path, a message, a stack. */
const LONGEST_TEXT = 4096

/** The same where everything is at its longest. */
const SHORTEST_TEXT = 64

/** Lines of the log. */
export const MOST_LINES = 20

const STATES: readonly string[] = [
  'starting',
  'running',
  'stopping',
  'restarting',
  'retrying',
  'ended',
] satisfies LifeState[]

/** Whether a life has ended in a way that nobody has ordered. */
export function isCrash({ reason, exitCode }: LifeEnd): boolean {
  // An ordered end that was not finished in time, or hurried, has an exit code that is not 0.
  if (reason === 'signal' || reason === 'stop') return false
  return ['fatal', 'failed-start', 'killed'].includes(reason) || (exitCode !== null && exitCode !== 0)
}

/** What is kept of an error. */
export function describeError(error: Error): LifeEnd['error'] {
  const { name, message, stack } = error
  const { code } = error as { code?: unknown }
  return { name, message, code: typeof code === 'string' ? code : null, stack: stack ?? null }
}

/** A record has a bound: texts are cut until it is kept. */
export function formatLifeRecord(record: LifeRecord): string {
  let text = ''
  for (let longest = LONGEST_TEXT; longest >= SHORTEST_TEXT; longest /= 2) {
    text = `${JSON.stringify(record, (_, value) => (typeof value === 'string' ? cut(value, longest) : value))}\n`
    if (Buffer.byteLength(text) <= LONGEST_RECORD) break
  }
  return text
}

/** @returns undefined for what no daemon of this name has written: it is another process's word, and taken for no more. */
export function parseLifeRecord(text: string, name: string): LifeRecord | undefined {
  const given = parseObject(text)
  const process = readObject(given?.process)
  const pid = readNumber(process?.pid)
  const startTime = readText(process?.startTime)
  if (!given || !process || given.name !== name || !isDaemonName(name)) return undefined
  if (!Number.isSafeInteger(pid) || pid! <= 0 || startTime === null) return undefined
  const state = readText(given.state) ?? ''
  const since = readTime(given.since)
  if (!STATES.includes(state) || since === null) return undefined
  return {
    name,
    process: { pid: pid!, startTime, boot: readText(process.boot) ?? '' },
    state: state as LifeState,
    since,
    reason: readText(given.reason),
    retry: readRetry(given.retry),
    program: readText(given.program),
    logFile: readText(given.logFile),
    outFile: readText(given.outFile),
    pidFile: readText(given.pidFile),
    end: readEnd(given.end),
    crash: readEnd(given.crash),
  }
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text
}

type Given = Readonly<Record<string, unknown>>

function parseObject(text: string): Given | undefined {
  try {
    return readObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

function readEnd(value: unknown): LifeEnd | null {
  const given = readObject(value)
  const pid = readNumber(given?.pid)
  const reason = readText(given?.reason)
  if (!given || pid === null || reason === null) return null
  return {
    pid,
    at: readTime(given.at),
    reason,
    why: readText(given.why) ?? reason,
    exitCode: readNumber(given.exitCode),
    uptime: readNumber(given.uptime),
    error: readError(given.error),
    log: Array.isArray(given.log) ? given.log.slice(-MOST_LINES).flatMap(readLine) : [],
  }
}

function readError(value: unknown): LifeEnd['error'] {
  const given = readObject(value)
  const message = readText(given?.message)
  if (!given || message === null) return null
  return {
    name: readText(given.name) ?? 'Error',
    message,
    code: readText(given.code),
    stack: readText(given.stack),
  }
}

function readLine(value: unknown): KeptLine[] {
  const given = readObject(value)
  const [time, message] = [readTime(given?.time), readText(given?.message)]
  if (!given || time === null || message === null) return []
  const { pid, label, level } = given
  return [
    {
      time,
      pid: readNumber(pid) ?? 0,
      label: readText(label) ?? '',
      level: readText(level) ?? 'info',
      message,
    },
  ]
}

function readRetry(value: unknown): Retry | null {
  const given = readObject(value)
  const reason = readText(given?.reason)
  if (!given || reason === null) return null
  const [failures, limit] = [readNumber(given.failures) ?? 0, readNumber(given.limit) ?? 0]
  return { reason, failures, limit, next: readTime(given.next) }
}

function readObject(value: unknown): Given | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Given) : undefined
}

function readNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function readText(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : null
}

function readTime(value: unknown): string | null {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : null
}
