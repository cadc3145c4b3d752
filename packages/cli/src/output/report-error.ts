import { toError } from '@sd/core'
import { errorAsJson } from './error-as-json.ts'
import type { Output } from './output.ts'
import { createStyle } from './style.ts'

/** Tells of an error: to people on stderr, to programs as the JSON document that they wait for. */
export function reportError(thrown: unknown, out: Output): void {
  const error = toError(thrown)
  if (out.json) return out.printJson({ error: errorAsJson(error) })
  out.warn(`${createStyle(process.stderr).red('Error:')} ${describeError(error)}`)
}

/** The message, which says what to do; the stack only where there is no code: then it is a defect. */
function describeError(error: Error & { code?: unknown }): string {
  if (typeof error.code === 'string') return error.message
  return error.stack ?? error.message
}
