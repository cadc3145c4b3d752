import { SdError } from '@sd/core'

/** The error of a call that a shutdown left undone. */
export function shutdownError(alias: string): SdError {
  return new SdError('SD_WORKERS_SHUTDOWN', `The call of "${alias}" was given up: the daemon is stopping.`, {
    pool: alias,
  })
}
