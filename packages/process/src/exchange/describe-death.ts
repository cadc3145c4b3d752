import { importHint } from './import-failure.ts'

/** How a process ended while it had work to do. */
export interface Death {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly lastOutput: string
  /** What the daemon had against the process, when it was the daemon that ended it. */
  readonly cause?: Error
}

/** A death in words, to end the sentence "The process that ran …". */
export function describeDeath({ exitCode, signal, lastOutput, cause }: Death): string {
  const how = signal ? `was killed by ${signal}` : `exited with code ${exitCode}`
  const why = cause ? ` ${cause.message}` : ''
  const output = lastOutput ? ` Its last output:\n${lastOutput}` : ''
  return `${how}.${why}${importHint(lastOutput)}${output}`
}
