import type { LogFacts, Logger } from '../src/index.ts'

/** A logger that keeps what it is told. */
export class CollectingLogger implements Logger {
  readonly entries: { level: string; facts: LogFacts; message: string }[] = []

  get messages(): string[] {
    return this.entries.map(({ message }) => message)
  }

  find(pattern: RegExp): string[] {
    return this.messages.filter((message) => pattern.test(message))
  }

  debug(facts: LogFacts, message: string): void {
    this.entries.push({ level: 'debug', facts, message })
  }

  info(facts: LogFacts, message: string): void {
    this.entries.push({ level: 'info', facts, message })
  }

  error(facts: LogFacts, message: string): void {
    this.entries.push({ level: 'error', facts, message })
  }

  fatal(facts: LogFacts, message: string): void {
    this.entries.push({ level: 'fatal', facts, message })
  }
}
