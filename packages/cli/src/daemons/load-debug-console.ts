import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { type Plugin, SdError } from '@sd/core'

/** The part of `@sd/debug-console` that is used here. It is installed where somebody debugs, and nowhere else. */
export interface DebugConsoleModule {
  /** The plugin. */
  debugConsole(options?: { readonly allow?: boolean; readonly foreground?: boolean }): Plugin
  /** Asks a daemon whose main thread hangs for the socket of its console: `NAME.standby` in its run directory. */
  requestConsole?(standbySocket: string): Promise<string>
  /** Attaches this terminal to the socket that the control method `console` has told, until the session ends. */
  attachConsole(
    socket: string,
  ): Promise<{ readonly why: 'ended' | 'refused' | 'gone'; readonly message: string }>
}

const PACKAGE = '@sd/debug-console'

/**
 * Loads the debug console: the one that the daemon's program has, else our own.
 *
 * @param file - the daemon's program, if its code may run here.
 * @throws SdError `SD_CLI_NO_DEBUG_CONSOLE` when there is none.
 */
export async function loadDebugConsole(file?: string): Promise<DebugConsoleModule> {
  for (const from of [file, import.meta.filename]) {
    const found = from === undefined ? undefined : resolvePackage(from)
    if (found !== undefined) return (await import(pathToFileURL(found).href)) as DebugConsoleModule
  }
  const message = `${PACKAGE} is not installed where sd-cli is. Install it there: npm install ${PACKAGE} (with -g, if sd-cli was installed with -g).`
  throw new SdError('SD_CLI_NO_DEBUG_CONSOLE', message, { file })
}

function resolvePackage(from: string): string | undefined {
  try {
    // Node 24 forgets to follow links once a socket was looked at, and refuses TypeScript in node_modules then.
    return realpathSync(createRequire(from).resolve(PACKAGE))
  } catch {
    return undefined
  }
}
