import type { ListenOptions, Server } from 'node:net'

/** Resolves when the server listens; rejects with the system's error when it cannot. */
export function startListening(
  server: Server,
  options: ListenOptions | { readonly fd: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => (): void => {
      server.off('error', fail)
      server.off('listening', done)
      act()
    }
    const fail = (error: Error): void => settle(() => reject(error))()
    const done = settle(resolve)
    server.once('error', fail)
    server.once('listening', done)
    server.listen(options as ListenOptions)
  })
}
