import { SdError } from '@sd/core'
import { type DescriptorTarget, describeTarget, type PathTarget, type PortTarget } from './listen-target.ts'

/** Why a server cannot listen on a port, and what to do about it. */
export function portError(target: PortTarget, cause: NodeJS.ErrnoException): SdError {
  const address = describeTarget(target)
  if (cause.code === 'EADDRINUSE') {
    const remedy = `Another process listens there (find it with: ss -ltnp 'sport = :${target.port}'). Stop it, or give server() another port.`
    return new SdError('SD_SERVER_IN_USE', `Cannot listen on ${address}: it is in use. ${remedy}`, {
      address,
      cause,
    })
  }
  return new SdError('SD_SERVER_LISTEN', `Cannot listen on ${address}: ${explain(cause)}`, {
    address,
    cause,
  })
}

/** Why a server cannot listen on a descriptor. */
export function descriptorError(target: DescriptorTarget, cause: NodeJS.ErrnoException): SdError {
  const message = `Cannot listen on ${describeTarget(target)}: ${cause.message}. It must be a listening socket that what starts the daemon hands over.`
  return new SdError('SD_SERVER_LISTEN', message, { fd: target.fd, cause })
}

/** What `listenOnPath` of core says, as an error of the server. */
export function pathError({ path }: PathTarget, cause: SdError): SdError {
  const code = cause.code === 'SD_CORE_SOCKET_IN_USE' ? 'SD_SERVER_IN_USE' : 'SD_SERVER_LISTEN'
  return new SdError(code, cause.message, { address: path, cause })
}

function explain(cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'EACCES':
    case 'EPERM':
      return `user id ${process.getuid?.()} may not use this port. Ports below 1024 need a privilege: choose a higher one, or grant CAP_NET_BIND_SERVICE.`
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address. Give server() one of its own as host, or "0.0.0.0" for all.'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host is not known. Correct it, or give server() an IP address.'
    default:
      return `${cause.message}.`
  }
}
