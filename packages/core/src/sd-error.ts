import { types } from 'node:util'

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
    const { cause, ...facts } = details
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'SdError'
    this.code = code
    Object.assign(this, facts)
  }
}

/** Anything that was thrown, as an `Error`. */
export function toError(thrown: unknown): Error {
  // An error of another realm (a `vm` context: a console, a test runner) is no `instanceof Error` of this one.
  return thrown instanceof Error || types.isNativeError(thrown)
    ? thrown
    : new Error(`A value that is not an Error was thrown: ${String(thrown)}`)
}
