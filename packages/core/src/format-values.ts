import { formatWithOptions, inspect, types } from 'node:util'

/** How the log shows objects and errors: an error's stack, own properties and causes. */
const STYLE = Object.freeze({ depth: 4, colors: false, breakLength: 110 })

/** Values as `console.log` would print them. Never throws, whatever their getters do. */
export function formatValues(values: readonly unknown[]): string {
  try {
    return formatWithOptions(STYLE, ...values)
  } catch {
    return values.map(formatAnyhow).join(' ')
  }
}

/** Whether a value is an error, of whichever realm. Never throws: a proxy may, when it is asked what it is. */
export function isError(value: unknown): value is Error {
  // An error of another realm (a `vm` context: a console, a test runner) is no `instanceof Error` of this one.
  return types.isNativeError(value) || readSafely(() => value instanceof Error) === true
}

/** What `read` returns; undefined where it throws. */
export function readSafely<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function formatAnyhow(value: unknown): string {
  if (typeof value === 'string') return value
  const shown = readSafely(() => inspect(value, STYLE)) ?? readSafely(() => inspect(value, BARE))
  return shown ?? (isError(value) ? formatBrokenError(value) : `[${typeof value} that cannot be printed]`)
}

/** The object's own inspection may be what fails. */
const BARE = Object.freeze({ ...STYLE, customInspect: false })

/** What can be read of an error that defends itself. */
function formatBrokenError(error: Error): string {
  const stack = readSafely(() => error.stack)
  const name = readText(() => error.name) ?? 'Error'
  const message = readText(() => error.message) ?? '[message that cannot be printed]'
  const cause = readSafely(() => error.cause)
  const text = typeof stack === 'string' && stack.includes(message) ? stack : `${name}: ${message}`
  return cause === undefined ? text : `${text} [cause]: ${formatValues([cause])}`
}

function readText(read: () => unknown): string | undefined {
  const value = readSafely(read)
  return value === undefined ? undefined : readSafely(() => String(value))
}
