/** What a console reads from and writes to. */
export interface ConsoleStreams {
  /** A terminal, or anything else: then its lines are a script. */
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
}

/** How a console has ended. */
export interface ConsoleEnd {
  /** The daemon, or the person, has ended it; the daemon did not take it; the daemon has gone away. */
  readonly why: 'ended' | 'refused' | 'gone'
  /** For a person. */
  readonly message: string
}

/**
 * Debugs a daemon from a terminal, until one of the two ends it. The terminal is left as it was found.
 *
 * @param socketPath - as the control method `console` has told.
 * @param streams - @default the process's own
 * @returns how it has ended.
 * @example
 * ```ts
 * const { socket } = (await client.call('console')) as { socket: string }
 * const { why } = await attachConsole(socket)
 * process.exitCode = why === 'ended' ? 0 : 1
 * ```
 */
export async function attachConsole(
  socketPath: string,
  streams: ConsoleStreams = { input: process.stdin, output: process.stdout },
): Promise<ConsoleEnd> {
  // Child processes of a daemon import the package, too, and would spend milliseconds on what they never do.
  const { runConsole } = await import('./run-console.ts')
  return runConsole(socketPath, streams)
}
