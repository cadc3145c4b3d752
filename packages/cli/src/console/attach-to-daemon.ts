import { askDaemon } from '../daemons/ask-daemon.ts'
import { loadDebugConsole } from '../daemons/load-debug-console.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output/output.ts'

/** Attaches this terminal to the debug console of a daemon. @returns the exit code. */
export async function attachToDaemon({ daemon }: { readonly daemon: string }, out: Output): Promise<number> {
  const { program, socket } = await askDaemon(daemon, out, async (client) => {
    const answer = (await client.call('console')) as { readonly socket: string }
    return { program: client.daemon.program ?? undefined, socket: answer.socket }
  })
  const { attachConsole } = await loadDebugConsole(program)
  const { why, message } = await attachConsole(socket)
  // How it has ended is on the screen already.
  if (why !== 'ended') out.say(message)
  return why === 'ended' ? exitCodes.ok : exitCodes.error
}
