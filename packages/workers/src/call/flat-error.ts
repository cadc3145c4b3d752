import { inspect } from 'node:util'
import { SdError } from '@sd/core'

/** An error in a form that crosses a process boundary whole. */
export interface FlatError {
  readonly name: string
  readonly message: string
  readonly stack: string
  /** Own properties, `code` among them. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly cause?: FlatError | { readonly value: unknown }
  /** The errors of an AggregateError. */
  readonly errors?: readonly FlatError[]
}

/** How many causes deep an error is carried: a cycle of causes must end somewhere. */
const DEEPEST = 8

const BUILT_IN: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

/**
 * Takes an error apart. What was thrown without being an Error becomes one, with the value as `thrown`. Never
 * throws, whatever the error's getters do: then only its text is left.
 */
export function flattenError(thrown: unknown): FlatError {
  try {
    return flatten(thrown, 0)
  } catch {
    return plainError(thrown)
  }
}

/** What is left of an error that cannot be carried whole: its text, cut to a size that can be sent. */
export function plainError(thrown: unknown): FlatError {
  const text = readText(() => (thrown as Error).message) ?? 'An error was thrown that cannot be read.'
  const name = readText(() => (thrown as Error).name) ?? 'Error'
  const stack = readText(() => (thrown as Error).stack) ?? `${name}: ${text}`
  return { name, message: text, stack, facts: {} }
}

const LONGEST_TEXT = 10_000

function readText(read: () => unknown): string | undefined {
  try {
    const text = read()
    return typeof text === 'string' ? text.slice(0, LONGEST_TEXT) : undefined
  } catch {
    return undefined
  }
}

function flatten(thrown: unknown, depth: number): FlatError {
  if (!isError(thrown)) {
    const message = `A value that is not an Error was thrown: ${inspect(thrown)}`
    return { name: 'Error', message, stack: `Error: ${message}`, facts: { thrown: clonable(thrown) } }
  }
  const { name, message, stack, cause, errors } = thrown as AggregateError & { cause?: unknown }
  const facts: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(thrown)) {
    if (!['name', 'message', 'stack', 'cause', 'errors'].includes(key)) facts[key] = clonable(value)
  }
  return {
    name: String(name),
    message: String(message),
    stack: String(stack ?? `${name}: ${message}`),
    facts,
    ...(cause !== undefined && {
      cause: isError(cause) && depth < DEEPEST ? flatten(cause, depth + 1) : { value: clonable(cause) },
    }),
    ...(Array.isArray(errors) &&
      depth < DEEPEST && { errors: errors.map((error) => flatten(error, depth + 1)) }),
  }
}

/**
 * Puts an error together again: of the built-in class of its name, or `SdError`, else an `Error` that bears
 * the name of its class.
 */
export function reviveError(flat: FlatError): Error {
  const cause = flat.cause && ('value' in flat.cause ? flat.cause.value : reviveError(flat.cause))
  const error = construct(flat, cause === undefined ? undefined : { cause })
  define(error, 'stack', flat.stack)
  if (error.name !== flat.name) define(error, 'name', flat.name)
  return Object.assign(error, flat.facts)
}

function construct(flat: FlatError, options: ErrorOptions | undefined): Error {
  if (flat.errors) return new AggregateError(flat.errors.map(reviveError), flat.message, options)
  const { code } = flat.facts
  if (flat.name === 'SdError' && typeof code === 'string')
    return new SdError(code, flat.message, { ...options })
  return new (Object.hasOwn(BUILT_IN, flat.name) ? BUILT_IN[flat.name]! : Error)(flat.message, options)
}

function define(error: Error, key: string, value: string): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true })
}

/** Also true for errors of another realm (`vm`). */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

/** The value, or how it looks where it cannot be cloned. */
function clonable(value: unknown): unknown {
  try {
    structuredClone(value)
    return value
  } catch {
    return inspect(value)
  }
}
