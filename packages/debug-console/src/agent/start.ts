import type { Json } from '@sd/core'
import { startAgentThread } from '../target/agent-thread.ts'
import { enterProbe } from '../target/enter-probe.ts'

/** Beside this file, in the sources as in what is built. */
const AGENT: URL = new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url)

/**
 * Begins to debug a child process; the process library has this module imported there and calls this.
 *
 * @param data - `socket`: where the hub is.
 * @returns ends it.
 */
export async function start(data: Json): Promise<() => Promise<void>> {
  const { socket } = data as { readonly socket: string }
  const leaveProbe = enterProbe()
  const endAgent = await startAgentThread(AGENT, { socket })
  return async () => {
    await endAgent()
    leaveProbe()
  }
}
