import { lstatSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { SdError } from '@sd/core'
import { type HeldDirectory, holdDirectory } from '@sd/core/directory'

/** A daemon's socket in a directory that is held open. */
export interface HeldSocket {
  /** Whose it is: only that user and root can have put it there. */
  readonly uid: number
  /** Leads to this very socket, whatever its path leads to by now. Valid until `close`. */
  readonly at: string
  close(): void
}

/**
 * Holds a daemon's socket.
 *
 * @throws SdError `SD_CONTROL_NOT_RUNNING` when there is none, `SD_CONTROL_PERMISSION` when it is another user's, or another
 * user decides what the path leads to.
 */
export function holdSocket(path: string): HeldSocket {
  const held = holdSocketDirectory(dirname(path))
  try {
    const uid = held && ownerOfSocket(held, basename(path))
    if (uid === undefined) throw notRunning(`there is no socket ${path}`, { path })
    if (!isInPlace(held!, uid)) {
      const message = `${path} leads to a socket of user id ${uid}, and user id ${held!.user} decides to which. Name the socket by a path of its own user.`
      throw new SdError('SD_CONTROL_PERMISSION', message, { path })
    }
    if (!mayConnect(uid)) throw permissionError(path)
    return { uid, at: held!.at(basename(path)), close: () => held!.close() }
  } catch (error) {
    held?.close()
    throw error
  }
}

/**
 * Holds a directory with the sockets of daemons. Root may look into that of another user.
 *
 * @returns undefined when there is no such directory.
 * @throws SdError `SD_CONTROL_PERMISSION` when it is another user's, or another user decides what the path leads to.
 */
export function holdSocketDirectory(directory: string): HeldDirectory | undefined {
  try {
    return holdDirectory(directory, { ofOtherUser: true })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === 'EACCES' || code === 'EPERM') throw directoryError(directory, cause)
    if (!(cause instanceof SdError)) throw cause
    throw new SdError('SD_CONTROL_PERMISSION', message, { path: directory, cause })
  }
}

/** @returns the user id whose a socket is; undefined where there is no such socket. */
export function ownerOfSocket(held: HeldDirectory, file: string): number | undefined {
  const found = lstatSync(held.at(file), { throwIfNoEntry: false })
  return found?.isSocket() ? found.uid : undefined
}

/** In the directory of another user all is that user's, or does not count. */
export function isInPlace({ user }: HeldDirectory, owner: number): boolean {
  return user === owner || user === (process.getuid?.() ?? user)
}

/** One who connects trusts the other side, too. */
function mayConnect(owner: number): boolean {
  const uid = process.getuid?.() ?? 0
  return uid === 0 || owner === uid || owner === 0
}

/** `SD_CONTROL_PERMISSION`. */
export function directoryError(directory: string, cause: unknown): SdError {
  const message = `The run directory ${directory} is another user's: only that user and root can look for daemons there.`
  return new SdError('SD_CONTROL_PERMISSION', message, { path: directory, cause })
}

/** `SD_CONTROL_PERMISSION`. */
export function permissionError(path: string, cause?: unknown): SdError {
  const message = `${path} belongs to another user: only that user and root can control the daemon.`
  return new SdError('SD_CONTROL_PERMISSION', message, { path, cause })
}

/** `SD_CONTROL_NOT_RUNNING`. */
export function notRunning(what: string, facts: Record<string, string>): SdError {
  return new SdError('SD_CONTROL_NOT_RUNNING', `Not running: ${what}.`, facts)
}
