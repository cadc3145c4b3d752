import { writeSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { escapeText } from '../escape-text.ts'
import { toError } from '../sd-error.ts'
import { surviveBrokenOutput } from '../survive-broken-output.ts'
import { formatRecord, LOG_HEADER } from './format-record.ts'
import { LogFile, type LogStatus } from './log-file.ts'
import type { LogRecord } from './log-record.ts'
import type { Logger } from './logger.ts'

/** Where the records of a daemon go. */
export interface EventLog {
  write(record: LogRecord): void
  status(): LogStatus
  /** Resolves when the file has taken, or refused, what was written so far. */
  flush(): Promise<void>
  /** Resolves when there is room again for a writer that can wait; undefined where there is. */
  room(): Promise<void> | undefined
  /** For the moment before the process ends. */
  flushNow(): void
  /** Ends all that the log holds open. What is written later still arrives. */
  close(): Promise<void>
}

/** What an event log is made of. */
export interface EventLogSettings {
  readonly clock: Clock
  readonly label: string
  readonly logFile: (() => string) | undefined
  readonly logger: Logger | undefined
  /** Whether records also go to stdout. */
  readonly foreground: boolean
}

const NO_FILE: LogStatus = { file: undefined, dropped: 0, problem: undefined }

/** The built-in log (file and stdout), or the user's own logger in its place. */
export function createEventLog(settings: EventLogSettings): EventLog {
  if (settings.logger) return createLoggerLog(settings.logger)
  const { clock, label, foreground } = settings
  const toStdout = foreground ? openStdout() : undefined
  const note = (message: string): string =>
    formatRecord({ time: clock.date(), pid: process.pid, label, level: 'error', message })
  const file =
    settings.logFile &&
    new LogFile({
      clock,
      fileName: settings.logFile,
      header: LOG_HEADER,
      note,
      onFailure: (error, name) => {
        const file = name === '' ? 'log file' : `log file ${name}`
        const text = note(`The ${file} cannot be written: ${error.message}`)
        // Detached, stderr is the file beside the log, and whatever replaces the stream would log it again.
        if (toStdout) toStdout.write(text)
        else writeNow(process.stderr.fd, text)
      },
    })
  return {
    write(record) {
      const text = formatRecord(record)
      file?.write(text)
      toStdout?.write(text)
    },
    status: () => file?.status() ?? NO_FILE,
    flush: async () => file?.flush(),
    room: () => file?.room(),
    flushNow: () => file?.flushNow(),
    async close() {
      await file?.close()
      toStdout?.close()
    },
  }
}

function createLoggerLog(logger: Logger): EventLog {
  return {
    write(record) {
      const { level, pid, label, message } = record
      const outcome: unknown = logger[level]({ pid, label }, message)
      if (outcome instanceof Promise) outcome.catch((thrown) => tellUnlogged(record, thrown))
    },
    status: () => NO_FILE,
    flush: async () => {},
    room: () => undefined,
    flushNow: () => {},
    close: async () => {},
  }
}

/** It is not the daemon's life that hangs on a log; stderr is what is left to tell it on. */
export function tellUnlogged({ message }: LogRecord, thrown: unknown): void {
  const warning = `The logger failed: ${toError(thrown).message}. Not logged: ${message}`
  process.emitWarning(escapeText(warning, '\n\t'))
}

/** Writes to stdout until its reader goes away (`daemon | head`), which must not end the daemon. */
function openStdout(): { write(text: string): void; close(): void } {
  let state: 'open' | 'closed' | 'broken' = 'open'
  const release = surviveBrokenOutput((error) => {
    // Anything else, a full disk for instance, may pass.
    if (error.code === 'EPIPE') state = 'broken'
  })
  return {
    write(text) {
      if (state === 'open') process.stdout.write(text)
      // The listener for errors is gone.
      if (state === 'closed') writeNow(process.stdout.fd, text)
    },
    close() {
      if (state === 'open') state = 'closed'
      release()
    },
  }
}

function writeNow(descriptor: number, text: string): void {
  try {
    writeSync(descriptor, text)
  } catch {
    // The reader has gone away, too.
  }
}
