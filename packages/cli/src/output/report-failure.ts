import { toError } from '@sd/core'
import { createStyle } from './style.ts'

/** Tells a person of an error, on stderr. */
export function reportFailure(thrown: unknown): void {
  const style = createStyle(process.stderr)
  process.stderr.write(`${style.render(`${style.red('Error:')} ${describeError(toError(thrown))}`)}\n`)
}

/** The message, which says what to do; the stack only where there is no code: then it is a defect. The system's have none always. */
function describeError(error: Error & { code?: unknown }): string {
  if (typeof error.code === 'string' || error instanceof DOMException) return error.message
  return error.stack ?? error.message
}
