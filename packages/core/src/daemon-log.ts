import type { Clock } from './clock.ts'
import type { DaemonEvents, EventBus } from './event-bus.ts'
import { formatValues } from './format-values.ts'
import { boundText, FOREIGN_BOUNDS, LABEL_BOUNDS, OWN_BOUNDS } from './log/bound-text.ts'
import { type EventLog, tellUnlogged } from './log/event-log.ts'
import { readLogArguments } from './log/log-arguments.ts'
import type { LogStatus } from './log/log-file.ts'
import type { LogLevel, LogRecord } from './log/log-record.ts'
import { toError } from './sd-error.ts'

/** A record as its writer gives it: time and level may be left out. */
export type RecordInput = Omit<LogRecord, 'time' | 'level'> & { time?: Date; level?: LogLevel }

/** Turns messages into records, and hands them to the event log and to the listeners of `log`. */
export class DaemonLog {
  readonly #clock: Clock
  readonly #bus: EventBus
  readonly #open: () => EventLog
  #sink: EventLog | undefined
  readonly #overridden: () => ((message: string, label: string) => void) | undefined
  /** The record that an overridden `log` has been given. */
  #passing: { readonly input: RecordInput; readonly quiet: boolean } | undefined
  #announcing = false
  #reporting = false

  /**
   * @param open - opens the event log; called with the first record, when the daemon's settings are known.
   * @param overridden - the daemon's `log`, where its author has overridden it.
   */
  constructor(
    clock: Clock,
    bus: EventBus,
    open: () => EventLog,
    overridden: () => ((message: string, label: string) => void) | undefined = () => undefined,
  ) {
    this.#overridden = overridden
    this.#clock = clock
    this.#bus = bus
    this.#open = open
  }

  /** Writes a record, and tells the listeners of `log`: by way of an overridden `log`, if there is one. */
  record(input: RecordInput): void {
    this.#pass(input, false)
  }

  /** What `log` of the daemon itself does. @param values - what it was given. @param label - where they name none. */
  log(values: readonly unknown[], label: string): void {
    const { text, label: own = label } = readLogArguments(values)
    const { input, quiet = false } = this.#passing ?? {}
    this.#take({ pid: process.pid, level: 'info', ...input, label: own, message: text }, quiet)
  }

  /** Hands a record to an overridden `log`, whose call of the original writes it as what it is. */
  #pass(input: RecordInput, quiet: boolean): void {
    const log = this.#passing ? undefined : this.#overridden()
    if (!log) return this.#take(input, quiet)
    this.#passing = { input, quiet }
    try {
      log(messageOf(input), labelOf(input))
    } catch (thrown) {
      // What was to be logged is not lost with it.
      this.#take(input, quiet)
      this.#take(failureOfLog(thrown, labelOf(input)), true)
    } finally {
      this.#passing = undefined
    }
  }

  /** @param quiet - tells nobody. */
  #take(input: RecordInput, quiet: boolean): void {
    const record = this.#write(input)
    if (quiet) return
    // A listener of `log` that logs must not call itself for ever.
    if (this.#announcing) return
    this.#announcing = true
    this.#bus.dispatch('log', record)
    this.#announcing = false
  }

  /** Writes a record that nobody is told of: the listeners themselves have failed. */
  note(level: LogLevel, error: Error, label: string): void {
    this.#pass({ pid: process.pid, label, level, message: formatValues([error]) }, true)
  }

  /** @param values - what a logging function was given. @param label - where they name none. */
  say(level: LogLevel, values: readonly unknown[], label: string): void {
    const { text, label: own = label } = readLogArguments(values)
    this.record({ pid: process.pid, label: own, level, message: text })
  }

  /**
   * Logs an error, and tells the listeners of `error`; one that fails is logged but not told to them again.
   *
   * @param values - what a logging function was given. @param label - where they name none.
   * @param shown - what the log shows. @default the values as `console.log` would print them
   * @returns what the listeners are told.
   */
  report(
    level: 'error' | 'fatal',
    values: readonly unknown[],
    label: string,
    shown?: string,
  ): DaemonEvents['error'] {
    const { text, label: own = label, error: given } = readLogArguments(values)
    const error = given && toError(given)
    this.record({ pid: process.pid, label: own, level, message: shown ?? text })
    const message = error && values[0] === given ? error.message : text
    const told = { message, label: own, ...(error && { error }) }
    if (this.#reporting) return told
    this.#reporting = true
    this.#bus.dispatch('error', told)
    this.#reporting = false
    return told
  }

  #write(input: RecordInput): LogRecord {
    const record: LogRecord = {
      time: isTime(input.time) ? input.time : this.#clock.date(),
      pid: input.pid,
      label: labelOf(input),
      level: input.level ?? 'info',
      message: messageOf(input),
    }
    try {
      this.#sink ??= this.#open()
      this.#sink.write(record)
    } catch (thrown) {
      tellUnlogged(record, thrown)
    }
    return record
  }

  status(): LogStatus {
    this.#sink ??= this.#open()
    return this.#sink.status()
  }

  /** Resolves when there is room again for a writer that can wait; undefined where there is. */
  room(): Promise<void> | undefined {
    return this.#sink?.room()
  }

  async flush(): Promise<void> {
    await this.#sink?.flush()
  }

  flushNow(): void {
    this.#sink?.flushNow()
  }

  async close(): Promise<void> {
    await this.#sink?.close()
  }
}

/** Records also come from plugins, which may be written in JavaScript. */
function readText(given: unknown): string {
  return typeof given === 'string' ? given : formatValues([given])
}

function isTime(given: unknown): given is Date {
  return given instanceof Date && !Number.isNaN(given.getTime())
}

function labelOf({ label }: RecordInput): string {
  return boundText(readText(label), LABEL_BOUNDS)
}

function messageOf({ message, pid }: RecordInput): string {
  return boundText(readText(message), pid === process.pid ? OWN_BOUNDS : FOREIGN_BOUNDS)
}

function failureOfLog(thrown: unknown, label: string): RecordInput {
  return { pid: process.pid, label, level: 'error', message: `log() failed: ${formatValues([thrown])}` }
}
