import { basename, dirname, join, resolve } from 'node:path'
import { holdSocket } from '@sd/control/client'
import { runDirectory, SdError } from '@sd/core'
import { askDaemon } from '../daemons/ask-daemon.ts'
import { type DebugConsoleModule, loadDebugConsole } from '../daemons/load-debug-console.ts'
import { answerError, asFacts, asTextOrNull } from '../daemons/read-facts.ts'
import { isSocket } from '../daemons/sighting.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output/output.ts'

/** Where the console of a daemon is. */
interface FoundConsole {
  readonly module: DebugConsoleModule
  readonly socket: string
  /** Whose daemon it is. */
  readonly uid: number
}

/** Attaches this terminal to the debug console of a daemon. @returns the exit code. */
export async function attachToDaemon({ daemon }: { readonly daemon: string }, out: Output): Promise<number> {
  const { module, uid, socket } = await findConsole(daemon, out)
  const held = holdSocket(socket)
  try {
    if (held.uid !== uid) {
      const message = `The daemon (user id ${uid}) names a console that is not its own: ${socket} (user id ${held.uid}). Not connected.`
      throw new SdError('SD_CLI_PERMISSION', message, { path: socket })
    }
    const { why, message } = await module.attachConsole(held.at)
    // How it has ended is on the screen already.
    if (why !== 'ended') out.say(message)
    return why === 'ended' ? exitCodes.ok : exitCodes.error
  } finally {
    held.close()
  }
}

async function findConsole(daemon: string, out: Output): Promise<FoundConsole> {
  try {
    const { uid, program, socket } = await askDaemon(daemon, out, async (client, { uid }) => {
      const { socket } = asFacts(await client.call('console'))
      if (typeof socket !== 'string') throw answerError('console')
      return { uid, program: asTextOrNull(client.daemon.program) ?? undefined, socket }
    })
    // Paths that a daemon names are used only if they are its user's: as root, that user must not choose what is run or told.
    return { module: await loadDebugConsole(isOnlyOurs(uid) ? program : undefined), uid, socket }
  } catch (error) {
    // What a daemon has answered may look like one of our own errors, and name another daemon.
    const isMute = error instanceof SdError && error.rpcCode === undefined && MUTE.has(error.code)
    if (!isMute) throw error
    const [directory, name] = isSocket(daemon)
      ? [dirname(resolve(daemon)), basename(daemon, '.sock')]
      : [runDirectory(), String(error.daemon ?? daemon)]
    return findOfHanging(directory, name, error)
  }
}

/** It was silent when it was looked for, or has become so. */
const MUTE: ReadonlySet<string> = new Set(['SD_CLI_MUTE', 'SD_CONTROL_TIMEOUT'])

/** A daemon whose main thread hangs has a thread that answers, if it allows consoles. */
async function findOfHanging(directory: string, name: string, error: SdError): Promise<FoundConsole> {
  const { held, module } = await openStandby(directory, name, error)
  try {
    return { module, uid: held.uid, socket: await module.requestConsole!(held.at) }
  } finally {
    held.close()
  }
}

async function openStandby(directory: string, name: string, { code, message }: SdError) {
  const module = await loadDebugConsole()
  try {
    if (!module.requestConsole) throw new Error('It is of an older version.')
    return { held: holdSocket(join(directory, `${name}.standby`)), module }
  } catch (cause) {
    const advice = `To debug a daemon that hangs, use debugConsole({ allow: true }) in it, or start it with --debugworkers.`
    throw new SdError(code, `${message.replace(/\.?$/, '.')} ${advice}`, { daemon: name, cause })
  }
}

/** A daemon that root has started may have become another user: then it does not speak for root. */
function isOnlyOurs(uid: number): boolean {
  return uid !== 0 && uid === process.getuid?.()
}
