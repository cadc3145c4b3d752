import { join } from 'node:path'

/** What control sockets are called. */
const SUFFIX = '.sock'

/** The socket of a daemon; with `pid` that of a further one of the same name. */
export function socketPath(directory: string, name: string, pid?: number): string {
  return join(directory, `${name}${pid === undefined ? '' : `.${pid}`}${SUFFIX}`)
}

/** The daemon's name that a file of the run directory stands for, if it may be a socket. */
export function nameOfSocket(file: string): string | undefined {
  return file.endsWith(SUFFIX) && !file.startsWith('.') ? file.slice(0, -SUFFIX.length) : undefined
}

/** Whether a socket may be that of a daemon of this name: `poller` or `poller.4711`. */
export function mayBeOf(socket: string, name: string): boolean {
  return socket === name || (socket.startsWith(`${name}.`) && /^\d+$/.test(socket.slice(name.length + 1)))
}
