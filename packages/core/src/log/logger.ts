import type { LogLevel } from './log-record.ts'

/** Facts that go with a message. */
export interface LogFacts {
  readonly pid: number
  readonly label: string
}

/** What can replace the built-in log: pino's methods, of which these are used. */
export type Logger = {
  readonly [Method in LogLevel]: (facts: LogFacts, message: string) => void
}
