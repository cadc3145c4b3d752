import type { AddressInfo, Server } from 'node:net'
import type { SdError } from '@sd/core'
import { listenOnPath, startListening } from '@sd/core/unix-socket'
import { descriptorError, pathError, portError } from './listen-error.ts'
import { describeTarget, type ListenTarget } from './listen-target.ts'

/** Where a server has come to listen. */
export interface Listening {
  /** As people write it. */
  readonly address: string
  /** The TCP port. */
  readonly port: number | undefined
  /** Takes away what others would find it by; to be called when it accepts no more. */
  release(): void
}

/**
 * Makes a server listen.
 *
 * @throws SdError `SD_SERVER_IN_USE` when somebody else listens there, `SD_SERVER_LISTEN` for all else.
 */
export async function listen(server: Server, target: ListenTarget): Promise<Listening> {
  if ('path' in target) {
    const release = await listenOnPath(server, target).catch((error: SdError) => {
      throw pathError(target, error)
    })
    return { address: target.path, port: undefined, release }
  }
  if ('fd' in target) {
    try {
      await startListening(server, { fd: target.fd })
    } catch (error) {
      throw descriptorError(target, error as NodeJS.ErrnoException)
    }
    const at = server.address()
    const { port } = Object(at) as Partial<AddressInfo>
    const address =
      typeof at === 'string'
        ? at
        : port === undefined
          ? describeTarget(target)
          : describeTarget({ host: (at as AddressInfo).address, port })
    return { address, port, release: () => {} }
  }
  const { port: wanted, host = '127.0.0.1', backlog = 511 } = target
  try {
    await startListening(server, { port: wanted, host, backlog, exclusive: true })
  } catch (error) {
    throw portError(target, error as NodeJS.ErrnoException)
  }
  const { port } = server.address() as AddressInfo
  return { address: describeTarget({ host, port }), port, release: () => {} }
}
