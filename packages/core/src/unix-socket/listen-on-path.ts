import { chmodSync, lstatSync, mkdtempSync, realpathSync, rmdirSync, type Stats, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { moveWithoutOverwriting } from '../directory/move-file.ts'
import { SdError } from '../sd-error.ts'
import { startListening } from './start-listening.ts'
import { GUARD_NAME, withTakeOverGuard } from './take-over-guard.ts'

/** What `sockaddr_un` has room for, without the zero at the end: see unix(7). Bytes. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103

/** Where to listen. */
export interface SocketTarget {
  /** The socket's file. */
  readonly path: string
  /** Who may connect, as file permissions. @default 0o600: only this user */
  readonly mode?: number | undefined
  /** How many connections may wait to be accepted. @default 511 */
  readonly backlog?: number | undefined
}

/** What must be well before a socket can be made there, in words a person can act on. */
export function listPathProblems({ path }: SocketTarget): string[] {
  const directory = dirname(path)
  const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(directory + GUARD_NAME))
  if (longest > LONGEST_PATH) {
    return [
      `the path ${path} is too long for a unix socket: with ${GUARD_NAME.length} bytes for a temporary name in its directory it comes to ${longest} bytes, the system takes ${LONGEST_PATH}. Choose a shorter directory.`,
    ]
  }
  try {
    if (lstatSync(realpathSync(directory)).isDirectory()) return []
    return [`${directory} is not a directory: choose a path in one.`]
  } catch {
    return [`the directory ${directory} does not exist: create it, or choose another path.`]
  }
}

/**
 * Listens on a unix socket. It is bound and given its permissions under a temporary name in a directory that
 * only this user can enter, and then linked to its own: nobody can connect before the permissions are right, and
 * the link fails where anything exists, so that nothing is ever overwritten. A socket that nobody serves any
 * more is removed; one that lives is not touched. On a file system without hard links it is renamed instead.
 *
 * @returns removes the socket's file, if it still is the one that was made here.
 * @throws SdError `SD_CORE_SOCKET_IN_USE` when a living process serves it, `SD_CORE_SOCKET` with the system's error
 * as `cause` for all else.
 */
export async function listenOnPath(server: Server, target: SocketTarget): Promise<() => void> {
  const { path, mode = 0o600, backlog = 511 } = target
  const [problem] = listPathProblems(target)
  if (problem !== undefined) throw new SdError('SD_CORE_SOCKET', `Cannot listen: ${problem}`, { path })
  try {
    return await withTakeOverGuard(path, async () => {
      await clearPath(target)
      const directory = mkdtempSync(join(dirname(path), '.s'))
      const temporary = join(directory, 's')
      try {
        await startListening(server, { path: temporary, backlog })
        chmodSync(temporary, mode)
        moveWithoutOverwriting(temporary, path)
      } catch (error) {
        server.close()
        throw error
      } finally {
        rmdirSync(directory)
      }
      const made = lstatSync(path)
      return () => unlinkIfSame(path, made)
    })
  } catch (error) {
    if (error instanceof SdError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'EADDRINUSE') throw inUse(target, error)
    throw new SdError('SD_CORE_SOCKET', `Cannot listen on ${path}: ${explain(code) ?? message}.`, {
      path,
      cause: error,
    })
  }
}

/**
 * Removes a socket that nobody serves any more, and nothing else, while nobody else of this machine makes one there.
 *
 * @returns whether it was removed.
 */
export async function removeUnservedSocket(path: string): Promise<boolean> {
  return withTakeOverGuard(path, async () => {
    const found = lookAt(path)
    if (!found?.isSocket() || (await isServed({ path }))) return false
    unlinkIfSame(path, found)
    return true
  })
}

/** Removes what a dead server left. */
async function clearPath(target: SocketTarget): Promise<void> {
  const { path } = target
  const found = lookAt(path)
  if (!found) return
  if (!found.isSocket()) {
    const message = `Cannot listen on ${path}: there is a file of another kind. Remove it, or choose another path.`
    throw new SdError('SD_CORE_SOCKET', message, { path })
  }
  if (await isServed(target)) throw inUse(target)
  unlinkIfSame(path, found)
}

/** A living process serves it. */
function inUse({ path }: SocketTarget, cause?: unknown): SdError {
  const message = `Cannot listen on ${path}: a living process serves the socket (find it with: lsof ${path}). Stop it, or choose another path.`
  return new SdError('SD_CORE_SOCKET_IN_USE', message, { path, cause })
}

function explain(code: string | undefined): string | undefined {
  return code === 'EACCES' || code === 'EPERM'
    ? `user id ${process.getuid?.()} may not create files in this directory`
    : undefined
}

/** Whether somebody listens. In doubt somebody does. */
function isServed(target: SocketTarget): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(target.path)
    const answer = (served: boolean) => (): void => {
      probe.destroy()
      resolve(served)
    }
    probe.once('connect', answer(true))
    probe.once('error', ({ code }: NodeJS.ErrnoException) =>
      answer(code !== 'ECONNREFUSED' && code !== 'ENOENT')(),
    )
  })
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

function unlinkIfSame(path: string, known: Stats): void {
  const found = lookAt(path)
  if (!found || found.ino !== known.ino || found.dev !== known.dev || found.birthtimeMs !== known.birthtimeMs)
    return
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
