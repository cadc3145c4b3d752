import { SdError, toError } from '@sd/core'

/** What a file that worked in the daemon, and does not in its processes, most likely needs. */
const MOVE =
  "Each worker and task process imports this file, too: move what opens, connects, listens or deletes below run(), or into the daemon's setup()."

/**
 * What to tell of a file whose import has failed in a child process. Node's own words about syntax and modules are left
 * as they are; anything else was done by the file's code, which the daemon has run before without such an end.
 *
 * @param url - of the file.
 */
export function importError(thrown: unknown, url: string): unknown {
  const cause = toError(thrown)
  const { code } = cause as NodeJS.ErrnoException
  if (cause instanceof SyntaxError || String(code).startsWith('ERR_')) return thrown
  return new SdError('SD_PROCESS_IMPORT', `${cause.message} (${url}). ${MOVE}`, { cause, url })
}

/** The same for a process that has died of it: with a leading space, or nothing where it is not about that. */
export function importHint(lastOutput: string): string {
  return lastOutput.includes('EADDRINUSE') ? ` ${MOVE}` : ''
}
