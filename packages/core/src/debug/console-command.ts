/** What a command of the debug console is run with. */
export interface ConsoleCommandContext {
  /** What the rest of the line was, after the command's name. */
  readonly match: RegExpMatchArray
  /** The process that has the prompt; undefined while none is stopped. */
  readonly pid: number | undefined
  /** Shows text at the console. */
  print(text: string): void
}

/**
 * A command that the program, or a plugin, adds to the debug console.
 *
 * @example
 * ```ts
 * host.on('console', ({ command }) =>
 *   command({ name: 'beats', help: 'The last heartbeats.', run: () => beats.join('\\n') }),
 * )
 * ```
 */
export interface ConsoleCommand {
  /** One word. */
  readonly name: string
  /** What the rest of the line must be. @default nothing */
  readonly pattern?: RegExp
  /** What it does, for `help`. */
  readonly help: string
  /**
   * Called on the daemon's main thread; while that is stopped, when it goes on.
   *
   * @returns what to show, or a promise of it; undefined: nothing. What it throws is shown, too.
   */
  run(context: ConsoleCommandContext): unknown
}
