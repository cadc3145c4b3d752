import { describeFailure, isExpectedFailure, toError, untoldFailure } from '@sd/core'
import { createStyle } from './style.ts'

/** Tells a person of an error, on stderr, unless the daemon's log has shown it there. */
export function reportFailure(thrown: unknown): void {
  const error = toError(thrown)
  const text = untoldFailure(error) ?? describeError(error)
  if (text === '') return
  const style = createStyle(process.stderr)
  process.stderr.write(`${style.render(`${style.red('Error:')} ${text.replace(/^Error: /, '')}`)}\n`)
}

/** What to do, where the message says it or the system refuses something; the stack where there is no code: a defect. */
function describeError(error: Error & { code?: unknown }): string {
  if (isExpectedFailure(error)) return describeFailure(error)
  if (typeof error.code === 'string' || error instanceof DOMException) return error.message
  return error.stack ?? error.message
}
