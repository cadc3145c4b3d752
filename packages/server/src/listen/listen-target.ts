/** Where a server listens: a TCP port. */
export interface PortTarget {
  /** 0: any free one; `daemon.server.port` tells which. */
  port: number
  /** The address, or a name for it; `'::'` or `'0.0.0.0'` for all of this machine. @default '127.0.0.1' */
  host?: string
  /** How many connections may wait to be accepted. @default 511 */
  backlog?: number
}

/** Where a server listens: a unix socket. */
export interface PathTarget {
  /** The socket's file. */
  path: string
  /** Who may connect, as file permissions. @default 0o600: only the daemon's own user */
  mode?: number
  /** How many connections may wait to be accepted. @default 511 */
  backlog?: number
}

/** Where a server listens: a socket that was handed over by what has started the daemon, and listens already. */
export interface DescriptorTarget {
  /**
   * Its file descriptor: 3 is the first that systemd hands over (`LISTEN_FDS`). Only 0, the standard input, outlives a restart in
   * place (`StandardInput=socket`); with it, no connection is refused meanwhile.
   */
  fd: number
}

/** Where a server listens. */
export type ListenTarget = PortTarget | PathTarget | DescriptorTarget

/** As people write it: `127.0.0.1:7000`, `[::1]:7000`, or the path. */
export function describeTarget(target: ListenTarget): string {
  if ('path' in target) return target.path
  if ('fd' in target) return `descriptor ${target.fd}`
  const host = target.host ?? '127.0.0.1'
  return `${host.includes(':') ? `[${host}]` : host}:${target.port}`
}
