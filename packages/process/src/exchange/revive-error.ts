import { SdError } from '@sd/core'
import type { FlatError } from './flat-error.ts'

const BUILT_IN: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

/** Parts that a {@link FlatError} has beside its facts. */
const OWN_PARTS: ReadonlySet<string> = new Set(['stack', 'cause', 'errors'])

/**
 * Puts an error together again: of the built-in class of its name, or `SdError`, else an `Error` that bears
 * the name of its class.
 */
export function reviveError(flat: FlatError): Error {
  const cause = flat.cause && ('value' in flat.cause ? flat.cause.value : reviveError(flat.cause))
  const error = construct(flat, cause === undefined ? undefined : { cause })
  define(error, 'stack', flat.stack)
  if (error.name !== flat.name) define(error, 'name', flat.name)
  for (const [key, value] of Object.entries(flat.facts)) {
    // What every error has is no fact: with another `toString`, or another prototype, it would be none.
    if (!(key in Error.prototype) && !OWN_PARTS.has(key)) define(error, key, value, true)
  }
  return error
}

function construct(flat: FlatError, options: ErrorOptions | undefined): Error {
  if (flat.errors) return new AggregateError(flat.errors.map(reviveError), flat.message, options)
  const { code } = flat.facts
  if (flat.name === 'SdError' && typeof code === 'string')
    return new SdError(code, flat.message, { ...options })
  return new (Object.hasOwn(BUILT_IN, flat.name) ? BUILT_IN[flat.name]! : Error)(flat.message, options)
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
}
