import { SdError } from '@sd/core'

/** `SD_LOCK_MEMCACHE_CONNECTION`: what was asked may have been done, or not, or will be. */
export function connectionError(server: string, what: string, cause?: unknown): SdError {
  const message = `memcached at ${server} ${what}.`
  return new SdError('SD_LOCK_MEMCACHE_CONNECTION', message, { server, cause, transient: true })
}

/** Whether it may be better in a moment. */
export function isTransient(error: unknown): boolean {
  return (error as { transient?: unknown } | undefined)?.transient === true
}
