import { SdError, toError } from '@sd/core'

/** Whatever a daemon's file failed with when it was imported, with the place in it. */
export function loadError(file: string, thrown: unknown): SdError {
  const error = toError(thrown) as Error & { code?: unknown }
  // Ours say what to do; where in our code they were made does not help.
  if (typeof error.code === 'string' && error.code.startsWith('SD_')) return error as SdError
  return new SdError('SD_CLI_LOAD', `${file} cannot be loaded: ${error.stack ?? error.message}`, {
    file,
    cause: error,
  })
}
