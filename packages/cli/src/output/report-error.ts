import { toError } from '@sd/core'
import { errorAsJson } from './error-as-json.ts'
import type { Output } from './output.ts'
import { reportFailure } from './report-failure.ts'

/** Tells of an error: to people on stderr, to programs as the JSON document that they wait for. */
export function reportError(error: unknown, out: Output): void {
  if (out.json) out.printJson({ error: errorAsJson(toError(error)) })
  else reportFailure(error)
}
