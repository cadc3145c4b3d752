import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findRunDirectory, systemClock, toError } from '@sd/core'
import type { HeldDirectory } from '@sd/core/directory'
import { type Introduction, PROTOCOL, readIntroduction } from '../protocol.ts'
import { mayBeOf, nameOfSocket } from '../socket-path.ts'
import { directoryError, holdSocketDirectory, isInPlace, ownerOfSocket } from './held-socket.ts'
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
  /** The user id whose socket it is: nobody but that user and root can have put it there. */
  readonly uid: number
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
  const { directory = findRunDirectory(), timeout = 2000, name } = options
  const held = directory === undefined ? undefined : holdSocketDirectory(directory)
  if (!held) return []
  try {
    const found = await Promise.all(
      listSockets(held, name).map(({ socket, file, uid }) => {
        const known = { name: socket, path: join(directory!, file), uid }
        return look(known, held.at(file), timeout)
      }),
    )
    // A daemon called `poller.2` is not a second `poller`.
    return name === undefined ? found : found.filter(({ daemon }) => !daemon || daemon.name === name)
  } finally {
    held.close()
  }
}

// Synchronously: node:fs/promises takes longer to load than a directory to read, and every launched daemon would.

/** The sockets of a directory that may be those of daemons; only those of one name, where it is given. */
function listSockets(
  held: HeldDirectory,
  name: string | undefined,
): { socket: string; file: string; uid: number }[] {
  return readNames(held).flatMap((file) => {
    const socket = nameOfSocket(file)
    if (socket === undefined || (name !== undefined && !mayBeOf(socket, name))) return []
    const uid = ownerOfSocket(held, file)
    return uid === undefined || !isInPlace(held, uid) ? [] : [{ socket, file, uid }]
  })
}

function readNames(held: HeldDirectory): string[] {
  try {
    return readdirSync(held.at('.')).sort()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM') throw cause
    // Where one may not look, there may be some.
    throw directoryError(held.path, cause)
  }
}

/** The socket of a daemon, where there is none that could be a second one's. */
export function findOnlySocket(directory: string, name: string): string | undefined {
  const held = holdSocketDirectory(directory)
  if (!held) return undefined
  try {
    const [only, ...others] = listSockets(held, name)
    return others.length === 0 && only?.socket === name ? join(directory, only.file) : undefined
  } finally {
    held.close()
  }
}

/** @param at - where the socket is, in the directory that is held. */
async function look(
  known: Pick<ListedDaemon, 'name' | 'path' | 'uid'>,
  at: string,
  timeout: number,
): Promise<ListedDaemon> {
  const { path } = known
  const abort = new AbortController()
  const timer = systemClock.after(timeout, () => abort.abort(new Error(`no answer within ${timeout} ms`)))
  try {
    const channel = await openChannel(path, abort.signal, at)
    try {
      const answer = await channel.call('version', { protocol: PROTOCOL }, abort.signal)
      const daemon = readIntroduction(path, answer)
      return { ...known, name: daemon.name, state: 'alive', daemon }
    } finally {
      await channel.close()
    }
  } catch (thrown) {
    const error = toError(thrown) as NodeJS.ErrnoException
    if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') return { ...known, state: 'stale' }
    return { ...known, state: 'silent', problem: error.message }
  } finally {
    timer.cancel()
  }
}
