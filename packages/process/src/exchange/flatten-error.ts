import { inspect } from 'node:util'
import type { FlatError } from './flat-error.ts'

/** How many causes deep an error is carried: a cycle of causes must end somewhere. */
const DEEPEST = 8

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
