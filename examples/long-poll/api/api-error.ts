/** What can go wrong with a poll. */
export type ApiFailure = 'unauthorized' | 'http' | 'connection' | 'timeout' | 'malformed'

/** A poll that brought nothing. `failure` crosses the process boundary with the error, and the daemon acts on it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly failure: ApiFailure

  constructor(failure: ApiFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}
