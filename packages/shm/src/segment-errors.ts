import { SdError, toError } from '@sd/core'

/** What the system says where memory, the file system or a quota is full. */
const NO_SPACE = /ENOSPC|No space left|EDQUOT|quota|EFBIG|File too large/i

/** What it says where nothing is wrong with the files, but this process cannot use them. */
const UNUSABLE =
  /EACCES|EPERM|EROFS|ELOOP|ENOTDIR|EMFILE|ENFILE|Permission denied|Operation not permitted|Read-only file system|Too many open files/

/** The error that the user gets for one of `lmdb`'s; any other is returned as it is. */
export function explainStoreError(name: string, directory: string, thrown: unknown): unknown {
  if (thrown instanceof SdError) return thrown
  const error = toError(thrown) as NodeJS.ErrnoException
  if (NO_SPACE.test(`${String(error.code)} ${error.message}`)) {
    const message = `There is no memory left for "${name}" in ${directory} (${error.message}). Nothing was changed. Make room there, or set SD_SHM_DIR to another place.`
    return new SdError('SD_SHM_FULL', message, { segment: name, directory, cause: error })
  }
  if (/MDB_READERS_FULL/.test(error.message)) {
    const message = `Too many processes and threads read from "${name}" (${error.message}). Use fewer.`
    return new SdError('SD_SHM_READERS', message, { segment: name, directory, cause: error })
  }
  // LMDB marks each process with a lock at the place of its pid in a file.
  if (/EAGAIN|Resource temporarily unavailable/.test(error.message)) {
    const message = `The shared memory "${name}" in ${directory} is used from another container, by a process with this one's pid (${process.pid}). Have the containers share their pids, or not their memory.`
    return new SdError('SD_SHM_DIRECTORY', message, { segment: name, directory, cause: error })
  }
  if (UNUSABLE.test(error.message)) {
    const message = `The shared memory "${name}" in ${directory} cannot be used by this process (${error.message}).`
    return new SdError('SD_SHM_DIRECTORY', message, { segment: name, directory, cause: error })
  }
  return damagedError(name, directory, error)
}

/** The file is none of ours, or was changed by something else. */
export function damagedError(name: string, directory: string, cause: unknown): SdError {
  const why = typeof cause === 'string' ? cause : toError(cause).message
  const message = `The shared memory "${name}" cannot be used: ${why}. End who uses it, then remove it with: rm -r ${directory}`
  return new SdError('SD_SHM_DAMAGED', message, { segment: name, directory, cause })
}

/** A directory of that name is there, and something else is in it. */
export function foreignError(name: string, directory: string, file: string): SdError {
  const message = `The shared memory "${name}" cannot be in ${directory}, which holds "${file}": that is no segment's. Choose another name, or set SD_SHM_DIR to a directory for nothing but segments.`
  return new SdError('SD_SHM_DIRECTORY', message, { segment: name, directory })
}

/** It was removed while it was in use. */
export function destroyedError(name: string): SdError {
  const message = `The shared memory "${name}" was destroyed. Close it, and open it again for a new one.`
  return new SdError('SD_SHM_DESTROYED', message, { segment: name })
}

/** There is none, and none was to be made. */
export function missingError(name: string): SdError {
  const message = `There is no shared memory "${name}" of this user. It is made by who opens it first.`
  return new SdError('SD_SHM_MISSING', message, { segment: name })
}

/** It is closed. */
export function closedError(name: string): SdError {
  return new SdError('SD_SHM_CLOSED', `The shared memory "${name}" is closed: open it again.`, {
    segment: name,
  })
}
