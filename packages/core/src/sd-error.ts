import { formatValues, isError, readSafely } from './format-values.ts'

/** What an {@link SdError} can carry beside its message. */
export interface SdErrorDetails {
  /** The error that led to this one. */
  cause?: unknown
  /** Facts about what happened; they become properties of the error. */
  [fact: string]: unknown
}

/**
 * The one error class of Simple Daemon. The message says what happened, with which value, and what to do;
 * programs look at `code` and at the facts, which are plain properties.
 *
 * @example
 * ```ts
 * throw new SdError('SD_LOCK_HELD', `Another instance (pid ${pid}) is running.`, { pid })
 * ```
 */
export class SdError extends Error {
  /** `SD_<PACKAGE>_<WHAT>`. */
  readonly code: string
  /** The facts given at construction. */
  readonly [fact: string]: unknown

  /**
   * @param code - `SD_<PACKAGE>_<WHAT>`.
   * @param message - what happened, with which value, and what to do next.
   * @param details - the cause, and facts that become properties of the error.
   */
  constructor(code: string, message: string, details: SdErrorDetails = {}) {
    const { cause, ...facts } = readDetails(details)
    super(
      typeof message === 'string' ? message : formatValues([message]),
      cause === undefined ? undefined : { cause },
    )
    this.name = 'SdError'
    this.code = code
    Object.assign(this, facts)
  }
}

/** An error is made where something has failed already: bad details must not take its place. */
function readDetails(details: SdErrorDetails): SdErrorDetails {
  if (isError(details)) return { cause: details }
  const read = readSafely(() => ({ ...details })) ?? { cause: details }
  for (const key of Object.keys(read)) {
    // Assigned, it would not be a fact but change what the error is: its prototype, or how it is shown.
    if (key in Object.prototype) Reflect.deleteProperty(read, key)
  }
  return read
}

/** Anything that was thrown, as an `Error` whose name and message can be read. Never throws. */
export function toError(thrown: unknown): Error {
  if (!isError(thrown)) {
    return new Error(`A value that is not an Error was thrown: ${formatValues([thrown])}`)
  }
  return isReadable(thrown) ? thrown : new Error(formatValues([thrown]), { cause: thrown })
}

function isReadable(error: Error): boolean {
  return readSafely(() => typeof error.message === 'string' && typeof error.name === 'string') === true
}
