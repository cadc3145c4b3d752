import { readFileSync } from 'node:fs'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { SdError, toError } from '@sd/core'
import { formatAddress, type ServerAddress } from './parse-address.ts'

/** How to connect. */
export interface ConnectionOptions {
  readonly tls: boolean
  /** A file with the certificates of who may vouch for the server; undefined: those that Node knows. */
  readonly ca: string | undefined
  /** Whether anybody may vouch for it. */
  readonly insecure: boolean
  /** Milliseconds that it may take. */
  readonly timeout: number
}

/**
 * Connects to a server.
 *
 * @throws SdError `SD_CLI_CONNECT`, `SD_CLI_PERMISSION`.
 */
export async function openConnection(address: ServerAddress, options: ConnectionOptions): Promise<Socket> {
  const socket = options.tls ? openTls(address, options) : connect({ ...address })
  try {
    await whenConnected(socket, options)
    return socket
  } catch (error) {
    socket.destroy()
    throw explain(toError(error), formatAddress(address), options)
  }
}

function openTls(address: ServerAddress, { ca, insecure }: ConnectionOptions): Socket {
  // An address has no name that a certificate could be chosen by.
  const servername = 'host' in address && isIP(address.host) === 0 ? address.host : undefined
  return connectTls({
    ...address,
    ...(servername !== undefined && { servername }),
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    rejectUnauthorized: !insecure,
  })
}

function whenConnected(socket: Socket, { tls, timeout }: ConnectionOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeout / 1000} s`)), timeout)
    socket.once(tls ? 'secureConnect' : 'connect', resolve)
    socket.once('error', reject)
    socket.once('close', () => clearTimeout(timer))
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      socket.off('error', reject)
    })
  })
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ENOTSOCK: 'it is no socket',
  EACCES: 'it may not be used by this user',
  EPERM: 'it may not be used by this user',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
}

function explain(error: NodeJS.ErrnoException, address: string, { tls, ca }: ConnectionOptions): SdError {
  const found = firstOf(error)
  const isForbidden = found.code === 'EACCES' || found.code === 'EPERM'
  const why = REASONS[found.code ?? ''] ?? found.message
  const isDistrusted = tls && /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO/.test(found.code ?? '')
  const hint = isDistrusted
    ? ` Give the certificate of who vouches for it with --ca FILE${ca === undefined ? '' : ' (another one than this)'}, or trust anybody with --insecure.`
    : ''
  const message = `Cannot connect to ${address}: ${why}.${hint}`
  return new SdError(isForbidden ? 'SD_CLI_PERMISSION' : 'SD_CLI_CONNECT', message, { address, cause: error })
}

/** Where a name has several addresses, each has failed for a reason of its own. */
function firstOf(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
  return error instanceof AggregateError ? error.errors[0] : error
}
