import { inspect } from 'node:util'
import type { Clock } from './clock.ts'
import type { EventBus } from './event-bus.ts'
import type { EventLog } from './log/event-log.ts'
import type { LogLevel, LogRecord } from './log/log-record.ts'

/** A record as its writer gives it: time and level may be left out. */
export type RecordInput = Omit<LogRecord, 'time' | 'level'> & { time?: Date; level?: LogLevel }

/** Turns messages into records, and hands them to the event log and to the listeners of `log`. */
export class DaemonLog {
  readonly #clock: Clock
  readonly #bus: EventBus
  readonly #open: () => EventLog
  #sink: EventLog | undefined
  #announcing = false
  #reporting = false

  /** @param open - opens the event log; called with the first record, when the daemon's settings are known. */
  constructor(clock: Clock, bus: EventBus, open: () => EventLog) {
    this.#clock = clock
    this.#bus = bus
    this.#open = open
  }

  /** Writes a record, and tells the listeners of `log`. */
  record(input: RecordInput): void {
    const record = this.#write(input)
    // A listener of `log` that logs must not call itself for ever.
    if (this.#announcing) return
    this.#announcing = true
    this.#bus.dispatch('log', record)
    this.#announcing = false
  }

  /** Writes a record that nobody is told of: the listeners themselves have failed. */
  note(level: LogLevel, error: Error, label: string): void {
    this.#write({ pid: process.pid, label, level, message: describeError(error) })
  }

  say(level: LogLevel, message: string, label: string): void {
    this.record({ pid: process.pid, label, level, message })
  }

  /** Logs an error, and tells the listeners of `error`; one that fails is logged but not told to them again. */
  report(level: 'error' | 'fatal', message: string | Error, label: string): void {
    const error = typeof message === 'string' ? undefined : message
    const text = typeof message === 'string' ? message : describeError(message)
    this.say(level, text, label)
    if (this.#reporting) return
    this.#reporting = true
    this.#bus.dispatch('error', {
      message: error?.message ?? text,
      label,
      ...(error && { error }),
    })
    this.#reporting = false
  }

  #write(input: RecordInput): LogRecord {
    const record: LogRecord = { time: this.#clock.date(), level: 'info', ...input }
    this.#sink ??= this.#open()
    this.#sink.write(record)
    return record
  }

  flushNow(): void {
    this.#sink?.flushNow()
  }

  async close(): Promise<void> {
    await this.#sink?.close()
  }
}

/** An error as the log shows it: its stack, own properties and causes. */
function describeError(error: Error): string {
  return inspect(error, { depth: 4, colors: false, breakLength: 110 })
}
