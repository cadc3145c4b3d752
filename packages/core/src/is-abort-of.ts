import { readSafely } from './format-values.ts'

/** How many causes deep is looked. */
const DEEPEST = 8

/**
 * Whether something was thrown because a signal was aborted: the signal's reason, an error that it caused (`once` and the
 * timers of `node:timers/promises` throw such), an `AbortError` that names no cause, or the error of a call or a task that
 * was given up because the daemon stops. Never throws.
 *
 * @example
 * ```ts
 * catch (error) {
 *   if (!isAbortOf(daemon.signal, error)) throw error
 * }
 * ```
 */
export function isAbortOf(signal: AbortSignal, thrown: unknown): boolean {
  if (!signal.aborted) return false
  let cause = thrown
  for (let depth = 0; depth < DEEPEST && cause !== undefined && cause !== null; depth++) {
    if (cause === signal.reason) return true
    const found = cause as Error & { code?: unknown }
    if (/^SD_\w+_SHUTDOWN$/.test(readText(() => found.code))) return true
    cause = readSafely(() => found.cause)
    if (cause === undefined && readSafely(() => found.name) === 'AbortError') return true
  }
  return false
}

function readText(read: () => unknown): string {
  const text = readSafely(read)
  return typeof text === 'string' ? text : ''
}
