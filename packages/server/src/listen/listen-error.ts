import { SdError } from '@sd/core'
import { describeTarget, type ListenTarget } from './listen-target.ts'

/** Why a server cannot listen, and what to do about it. */
export function listenError(target: ListenTarget, cause: NodeJS.ErrnoException): SdError {
  const address = describeTarget(target)
  if (cause.code === 'EADDRINUSE') return inUse(target, cause)
  const message = `Cannot listen on ${address}: ${explain(target, cause)}`
  return new SdError('SD_SERVER_LISTEN', message, { address, cause })
}

/** Somebody else listens there. */
export function inUse(target: ListenTarget, cause?: unknown): SdError {
  const address = describeTarget(target)
  const remedy =
    'path' in target
      ? `A living process serves the socket (find it with: lsof ${address}). Stop it, or give server() another path.`
      : `Another process listens there (find it with: ss -ltnp 'sport = :${target.port}'). Stop it, or give server() another port.`
  return new SdError('SD_SERVER_IN_USE', `Cannot listen on ${address}: it is in use. ${remedy}`, {
    address,
    cause,
  })
}

function explain(target: ListenTarget, cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'EACCES':
    case 'EPERM':
      return 'path' in target
        ? `user id ${process.getuid?.()} may not create files in this directory. Let it, or give server() another path.`
        : `user id ${process.getuid?.()} may not use this port. Ports below 1024 need a privilege: choose a higher one, or grant CAP_NET_BIND_SERVICE.`
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address. Give server() one of its own as host, or "0.0.0.0" for all.'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host is not known. Correct it, or give server() an IP address.'
    case 'ENOENT':
      return 'its directory does not exist. Create it, or give server() another path.'
    default:
      return `${cause.message}.`
  }
}
