import { holdSocket } from '@sd/control/client'
import { SdError } from '@sd/core'
import { askDaemon } from '../daemons/ask-daemon.ts'
import { loadDebugConsole } from '../daemons/load-debug-console.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output/output.ts'

/** Attaches this terminal to the debug console of a daemon. @returns the exit code. */
export async function attachToDaemon({ daemon }: { readonly daemon: string }, out: Output): Promise<number> {
  const { uid, program, socket } = await askDaemon(daemon, out, async (client, { uid }) => {
    const answer = (await client.call('console')) as { readonly socket: string }
    return { uid, program: client.daemon.program ?? undefined, socket: answer.socket }
  })
  // Paths that a daemon names are used only if they are its user's: as root, that user must not choose what is run or told.
  const { attachConsole } = await loadDebugConsole(isOnlyOurs(uid) ? program : undefined)
  const held = holdSocket(String(socket))
  try {
    if (held.uid !== uid) {
      const message = `The daemon (user id ${uid}) names a console that is not its own: ${socket} (user id ${held.uid}). Not connected.`
      throw new SdError('SD_CLI_PERMISSION', message, { path: socket })
    }
    const { why, message } = await attachConsole(held.at)
    // How it has ended is on the screen already.
    if (why !== 'ended') out.say(message)
    return why === 'ended' ? exitCodes.ok : exitCodes.error
  } finally {
    held.close()
  }
}

/** A daemon that root has started may have become another user: then it does not speak for root. */
function isOnlyOurs(uid: number): boolean {
  return uid !== 0 && uid === process.getuid?.()
}
