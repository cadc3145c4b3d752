import { toError } from '@sd/core'
import { escapeLines } from '../text/escape-controls.ts'
import { createStyle } from './style.ts'

/** Tells a person of an error, on stderr. */
export function reportFailure(thrown: unknown): void {
  // It may be what a daemon has said, or another program.
  const text = escapeLines(describeError(toError(thrown)))
  process.stderr.write(`${createStyle(process.stderr).red('Error:')} ${text}\n`)
}

/** The message, which says what to do; the stack only where there is no code: then it is a defect. */
function describeError(error: Error & { code?: unknown }): string {
  if (typeof error.code === 'string') return error.message
  return error.stack ?? error.message
}
