/** Where a memcached listens. */
export interface ServerAddress {
  /** As people write it: `10.0.0.7:11211`. */
  readonly name: string
  readonly host: string
  readonly port: number
}

const DEFAULT_PORT = 11_211

/**
 * Reads `host`, `host:port` or `[ipv6]:port`.
 *
 * @returns undefined when it is none of them.
 */
export function parseServer(text: string): ServerAddress | undefined {
  const found = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text)
  if (!found) return undefined
  const [, address, name, digits] = found
  const port = digits === undefined ? DEFAULT_PORT : Number(digits)
  if (port < 1 || port > 65_535) return undefined
  const host = (address ?? name)!
  return { name: `${address === undefined ? host : `[${host}]`}:${port}`, host, port }
}
