import { dirname } from 'node:path'
import { SdError } from '@sd/core'

/** What may be better in a moment. */
const transient = new Set([
  'EIO',
  'ESTALE',
  'ETIMEDOUT',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EDQUOT',
  'EBUSY',
  'EAGAIN',
])

/** What to do about it. */
const remedies: Readonly<Record<string, (directory: string) => string>> = {
  EROFS: () => 'The file system is read-only: give the lock another place (option "file", or SD_RUN_DIR).',
  EACCES: (directory) =>
    `Let user id ${process.getuid?.()} write to ${directory}, or give the lock another place (option "file", or SD_RUN_DIR).`,
  ENOSPC: () => 'The disk is full: make room.',
  EDQUOT: () => 'The disk quota is used up: make room.',
  ENOTDIR: () =>
    'Something on this path is no directory: remove it, or give the lock another place (option "file").',
}

/** A failure of the file system, said so that a person can act on it. */
export function placeError(path: string, cause: NodeJS.ErrnoException): SdError {
  const code = cause.code === 'EPERM' ? 'EACCES' : (cause.code ?? '')
  const remedy = remedies[code]?.(dirname(path)) ?? 'Check the directory and its disk.'
  const message = `The lock ${path} cannot be used (${cause.message}). ${remedy}`
  return new SdError('SD_LOCK_FILE_PLACE', message, { path, cause, transient: transient.has(code) })
}

/** The directory that a lock lies in was there, and is gone. */
export function missingPlaceError(path: string): SdError {
  const message = `The lock ${path} cannot be used: ${dirname(path)} is gone. Make that directory.`
  return new SdError('SD_LOCK_FILE_PLACE', message, { path, transient: true })
}

/** @throws SdError `SD_LOCK_FILE_UNSAFE`. */
export function refusePlace(path: string, problem: string, remedy: string): never {
  throw new SdError('SD_LOCK_FILE_UNSAFE', `The lock ${path} cannot be used: ${problem}. ${remedy}`, { path })
}
