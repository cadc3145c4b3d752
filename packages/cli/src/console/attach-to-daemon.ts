import type { Json } from '@sd/core'
import { askDaemon } from '../daemons/ask-daemon.ts'
import { loadDebugConsole } from '../daemons/load-debug-console.ts'

/** Attaches this terminal to the debug console of a daemon. */
export async function attachToDaemon({ daemon }: { readonly daemon: string }): Promise<void> {
  await askDaemon(daemon, async (client) => {
    const { attachConsole } = await loadDebugConsole(client.daemon.program ?? undefined)
    const answer: Json = await client.call('console')
    await attachConsole(answer, client)
  })
}
