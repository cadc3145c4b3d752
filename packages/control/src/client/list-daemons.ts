import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runDirectory, SdError, toError } from '@sd/core'
import { type Introduction, PROTOCOL, readIntroduction } from '../protocol.ts'
import { mayBeOf, nameOfSocket } from '../socket-path.ts'
import { openChannel } from './rpc-channel.ts'

/** A control socket in the run directory. */
export interface ListedDaemon {
  /** The daemon's name, as the socket's file says. */
  readonly name: string
  readonly path: string
  /**
   * `alive`: it answers; `silent`: it lives, but does not answer in time, or not as a daemon does; `stale`: nobody
   * serves the socket.
   */
  readonly state: 'alive' | 'silent' | 'stale'
  /** How it introduced itself. */
  readonly daemon?: Introduction
  /** Why it is silent. */
  readonly problem?: string
}

/** Where and how to look. */
export interface ListOptions {
  /** @default runDirectory() */
  directory?: string
  /** Milliseconds that each may take to answer. @default 2000 */
  timeout?: number
  /** Only those of this name. */
  name?: string
}

/**
 * The daemons of this user, by their sockets in the run directory, in alphabetical order.
 *
 * @throws SdError `SD_CONTROL_PERMISSION` when the directory is another user's.
 * @example
 * ```ts
 * for (const { name, state, daemon } of await listDaemons()) console.log(name, state, daemon?.pid)
 * ```
 */
export async function listDaemons(options: ListOptions = {}): Promise<ListedDaemon[]> {
  const { directory = runDirectory(), timeout = 2000, name } = options
  const sockets = listSockets(directory, name).filter(({ path }) => isSocket(path))
  const found = await Promise.all(sockets.map(({ socket, path }) => look(socket, path, timeout)))
  // A daemon called `poller.2` is not a second `poller`.
  return name === undefined ? found : found.filter(({ daemon }) => !daemon || daemon.name === name)
}

// Synchronously: node:fs/promises takes longer to load than a directory to read, and every launched daemon would.

/** What may be the sockets of daemons; only those of one name, where it is given. */
function listSockets(directory: string, name: string | undefined): { socket: string; path: string }[] {
  return listFiles(directory).flatMap((file) => {
    const socket = nameOfSocket(file)
    if (socket === undefined || (name !== undefined && !mayBeOf(socket, name))) return []
    return [{ socket, path: join(directory, file) }]
  })
}

function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch (error) {
    return readNothing(directory, error as NodeJS.ErrnoException)
  }
}

/** Where there is no directory there is no daemon. Where one may not look, there may be some. */
function readNothing(directory: string, cause: NodeJS.ErrnoException): string[] {
  if (cause.code !== 'EACCES' && cause.code !== 'EPERM') return []
  const message = `The run directory ${directory} is another user's: only that user and root can look for daemons there.`
  throw new SdError('SD_CONTROL_PERMISSION', message, { path: directory, cause })
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket()
  } catch {
    return false
  }
}

/** The socket of a daemon, where there is none that could be a second one's. */
export function findOnlySocket(directory: string, name: string): string | undefined {
  const [only, ...others] = listSockets(directory, name)
  return others.length === 0 && only?.socket === name ? only.path : undefined
}

async function look(socket: string, path: string, timeout: number): Promise<ListedDaemon> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${timeout} ms`)), timeout)
  try {
    const channel = await openChannel(path, abort.signal)
    try {
      const answer = await channel.call('version', { protocol: PROTOCOL }, abort.signal)
      const daemon = readIntroduction(path, answer)
      return { name: daemon.name, path, state: 'alive', daemon }
    } finally {
      await channel.close()
    }
  } catch (thrown) {
    const error = toError(thrown) as NodeJS.ErrnoException
    if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')
      return { name: socket, path, state: 'stale' }
    return { name: socket, path, state: 'silent', problem: error.message }
  } finally {
    clearTimeout(timer)
  }
}
