/** Checked by the compiler, never run: users write no type parameter. */
import { createDaemon } from '@sd/core'
import { server } from '@sd/server'

export function typedServers(): void {
  const daemon = createDaemon({ name: 'types' })
    .use(
      server({
        listen: { port: 0 },
        data: () => ({ user: '', tries: 0 }),
        onConnect: (client) => `welcome ${client.data.user.toUpperCase()}`,
      }),
    )
    .use(server({ name: 'admin', listen: { path: '/run/admin.sock' } }))
  daemon.server.command(/^login (?<user>\w+)$/, (client, { groups }) => {
    client.data.user = groups?.user ?? ''
    const tries: number = client.data.tries++
    return tries
  })
  // @ts-expect-error: data has no such property
  daemon.server.command(/x/, (client) => client.data.usr)
  daemon.admin.onDisconnect((client, reason) => reason === 'idle' && client.data.anything)
  // @ts-expect-error: there is no such reason
  daemon.admin.onDisconnect((_, reason) => reason === 'bored')
  // @ts-expect-error: a server listens somewhere
  server({})
  // @ts-expect-error: there is no such plugin
  void daemon.missing
}
