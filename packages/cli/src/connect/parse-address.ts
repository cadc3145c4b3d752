import { SdError } from '@sd/core'

/** Where a server listens. */
export type ServerAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/**
 * Understands `localhost:8080`, `[::1]:8080`, `:8080`, `8080`, `/run/x.sock`, `unix:x.sock`.
 *
 * @throws SdError `SD_CLI_USAGE`.
 */
export function parseAddress(text: string): ServerAddress {
  const refuse = (problem: string): never => {
    const message = `${JSON.stringify(text)} is no address: ${problem} Write HOST:PORT, [IPV6]:PORT, or the path of a unix socket.`
    throw new SdError('SD_CLI_USAGE', message)
  }
  if (text.startsWith('unix:')) return { path: text.slice(5) || refuse('the path is missing.') }
  if (text.includes('/')) return { path: text }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):?(\d+)?$/.exec(text) ?? []
  if (/^\d+$/.test(text))
    return { host: 'localhost', port: readPort(text) ?? refuse('there is no such port.') }
  if (!text.includes(':')) return { path: text || refuse('it is empty.') }
  if (bracketed === undefined && plain === undefined) {
    return refuse(
      text.split(':').length > 2 ? 'an IPv6 address stands in brackets.' : 'the port is no number.',
    )
  }
  const port = digits === undefined ? undefined : readPort(digits)
  if (port === undefined) return refuse('the port must be a number from 1 to 65535.')
  return { host: bracketed ?? (plain || 'localhost'), port }
}

/** As it is written. */
export function formatAddress(address: ServerAddress): string {
  if ('path' in address) return address.path
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}

function readPort(digits: string): number | undefined {
  const port = Number(digits)
  return port >= 1 && port <= 65_535 ? port : undefined
}
