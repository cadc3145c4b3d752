import { resolve } from 'node:path'
import { type Checks, type Json, must, resolveOptions, runDirectory, SdError, systemClock } from '@sd/core'
import { type Introduction, PROTOCOL, readIntroduction } from '../protocol.ts'
import { holdSocket, notRunning, permissionError } from './held-socket.ts'
import { findOnlySocket, listDaemons } from './list-daemons.ts'
import { type NotificationHandler, openChannel, type RpcChannel } from './rpc-channel.ts'

/** How to reach a daemon. */
export interface ConnectOptions {
  /** Where daemons are looked up by name. @default runDirectory() */
  directory?: string
  /** Milliseconds that the daemon may take to answer: here, and in calls that say nothing else. @default 5000 */
  timeout?: number
}

/** How to call a method. */
export interface CallOptions {
  /** Milliseconds that the answer may take; 0: as long as it likes. @default that of the connection */
  timeout?: number
  /** Gives the call up. The daemon does not learn of it. */
  signal?: AbortSignal
}

/** A connection to a daemon. */
export interface ControlClient {
  /** How the daemon introduced itself. */
  readonly daemon: Introduction
  /** The socket. */
  readonly path: string
  /** Resolves when the connection is closed, by whichever side. */
  readonly closed: Promise<void>
  /**
   * Calls a method.
   *
   * @throws SdError with the code of the daemon's error and `rpcCode`; `SD_CONTROL_TIMEOUT` when there is no answer
   * in time; `SD_CONTROL_GONE` when the daemon stops before it has answered.
   */
  call(method: string, params?: Json, options?: CallOptions): Promise<Json>
  /** Listens to the notifications of a method. @returns ends that. */
  on(method: string, handler: NotificationHandler): () => void
  close(): Promise<void>
}

const defaults = Object.freeze({ timeout: 5000 })

const checks: Checks<ConnectOptions> = {
  directory: must.beText,
  timeout: must.beNumber(0, Number.POSITIVE_INFINITY, 'milliseconds'),
}

/**
 * Connects to a daemon of this user.
 *
 * @param target - the daemon's name, or the path of its socket (with a `/` in it).
 * @throws SdError `SD_CONTROL_NOT_RUNNING` when there is none, `SD_CONTROL_AMBIGUOUS` when there are several of that
 * name, `SD_CONTROL_PERMISSION` when it is somebody else's, `SD_CONTROL_TIMEOUT` when it does not answer,
 * `SD_CONTROL_PROTOCOL` when it does not answer as a daemon.
 * @example
 * ```ts
 * const poller = await connectControl('poller')
 * const { uptime } = (await poller.call('status')) as { uptime: number }
 * await poller.close()
 * ```
 */
export async function connectControl(target: string, options: ConnectOptions = {}): Promise<ControlClient> {
  const { timeout, directory } = resolveOptions(
    'connectControl',
    'SD_CONTROL_OPTIONS',
    options,
    defaults,
    checks,
  )
  const path = target.includes('/')
    ? resolve(target)
    : await findByName(target, directory ?? runDirectory(), timeout)
  const channel = await open(path, timeout)
  try {
    const daemon = await callWithin(channel, path, 'version', { protocol: PROTOCOL }, { timeout })
    return createClient(channel, path, readIntroduction(path, daemon), timeout)
  } catch (error) {
    await channel.close()
    throw error
  }
}

function createClient(
  channel: RpcChannel,
  path: string,
  daemon: Introduction,
  timeout: number,
): ControlClient {
  return {
    daemon,
    path,
    closed: channel.closed,
    call: (method, params, options) => callWithin(channel, path, method, params, { timeout, ...options }),
    on: (method, handler) => channel.on(method, handler),
    close: () => channel.close(),
  }
}

async function findByName(name: string, directory: string, timeout: number): Promise<string> {
  const only = findOnlySocket(directory, name)
  if (only !== undefined) return only
  const found = await listDaemons({ directory, timeout, name })
  const living = found.filter(({ state }) => state !== 'stale')
  if (living.length === 1) return living[0]!.path
  if (living.length > 1) {
    const paths = living.map(({ path, daemon }) => `${path} (pid ${daemon?.pid ?? 'unknown'})`).join(', ')
    const message = `There are ${living.length} daemons named "${name}". Give the path of one of their sockets: ${paths}`
    throw new SdError('SD_CONTROL_AMBIGUOUS', message, { daemon: name })
  }
  throw notRunning(`no daemon named "${name}" runs, or it has no control socket in ${directory}`, {
    daemon: name,
  })
}

async function open(path: string, timeout: number): Promise<RpcChannel> {
  const held = holdSocket(path)
  const limit = timeLimit(path, 'connect', timeout)
  try {
    return await openChannel(path, limit.signal, held.at)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED') throw notRunning(`nobody serves ${path}`, { path })
    if (code === 'EACCES' || code === 'EPERM') throw permissionError(path, error)
    throw error
  } finally {
    held.close()
    limit.end()
  }
}

async function callWithin(
  channel: RpcChannel,
  path: string,
  method: string,
  params: Json | undefined,
  { timeout = 0, signal }: CallOptions,
): Promise<Json> {
  const limit = timeLimit(path, method, timeout)
  try {
    return await channel.call(method, params, signal ? AbortSignal.any([signal, limit.signal]) : limit.signal)
  } finally {
    limit.end()
  }
}

/** A signal that is aborted with a good error. */
function timeLimit(path: string, method: string, timeout: number): { signal: AbortSignal; end(): void } {
  const abort = new AbortController()
  if (timeout === 0) return { signal: abort.signal, end: () => {} }
  const timer = systemClock.after(timeout, () => {
    const message = `${path} has not answered "${method}" within ${timeout} ms. The daemon may be busy, stopped by a signal, or have its socket in the hands of another program.`
    abort.abort(new SdError('SD_CONTROL_TIMEOUT', message, { path, method, timeout }))
  })
  return { signal: abort.signal, end: () => timer.cancel() }
}
