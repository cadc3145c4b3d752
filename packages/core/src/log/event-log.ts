import type { Clock } from '../clock.ts'
import { formatRecord, LOG_HEADER } from './format-record.ts'
import { LogFile } from './log-file.ts'
import type { LogRecord } from './log-record.ts'
import type { Logger } from './logger.ts'

/** Where the records of a daemon go. */
export interface EventLog {
  write(record: LogRecord): void
  /** Resolves when what was written is on the disk, or the disk refused it. */
  flush(): Promise<void>
  /** For the moment before the process ends. */
  flushNow(): void
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
      onFailure: (error, name) =>
        toStdout?.write(note(`The log file ${name} cannot be written: ${error.message}`)),
    })
  return {
    write(record) {
      const text = formatRecord(record)
      file?.write(text)
      toStdout?.write(text)
    },
    flush: async () => file?.flush(),
    flushNow: () => file?.flushNow(),
    async close() {
      await file?.close()
      toStdout?.close()
    },
  }
}

function createLoggerLog(logger: Logger): EventLog {
  return {
    write: (record) => logger[record.level]({ pid: record.pid, label: record.label }, record.message),
    flush: async () => {},
    flushNow: () => {},
    close: async () => {},
  }
}

/** Writes to stdout until its reader goes away (`daemon | head`), which must not end the daemon. */
function openStdout(): { write(text: string): void; close(): void } {
  let open = true
  const onError = (): void => {
    open = false
  }
  process.stdout.on('error', onError)
  return {
    write(text) {
      if (open) process.stdout.write(text)
    },
    // The last write may still fail after this, so the listener goes when that is known.
    close: () => void process.stdout.write('', () => process.stdout.off('error', onError)),
  }
}
