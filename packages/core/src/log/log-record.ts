/** How serious a record is. */
export type LogLevel = 'debug' | 'info' | 'error' | 'fatal'

/** One entry of the event log. */
export interface LogRecord {
  readonly time: Date
  /** The process that speaks. */
  readonly pid: number
  /** Who speaks: the daemon's name, a plugin, a worker. */
  readonly label: string
  readonly level: LogLevel
  readonly message: string
}
