import type { Awaitable } from '@sd/core'
import { openInteractiveConsole } from './interactive-console.ts'
import { openScriptConsole } from './script-console.ts'

/** What a console is for. */
export interface LineConsoleOptions {
  /** Names the history file. */
  readonly name: string
  /** Whether spaces around a line, and empty lines, mean something. @default false */
  readonly isVerbatim?: boolean
  /** What stands before the line, with a space at its end. Asked again after each line. */
  prompt(): string
  /**
   * Does what a line says. Lines run one after the other. What it throws is shown, and the console goes on.
   *
   * @param signal - aborted by Ctrl-C.
   */
  run(line: string, signal: AbortSignal): Awaitable<void>
  /** What the last word of a line could be. */
  complete?(line: string): Awaitable<readonly string[]>
  /** Ends what runs in the background. @returns whether there was anything. Otherwise Ctrl-C leaves the console. */
  interrupt?(): boolean
  /** Ctrl-D, or the end of a script. The console is left when it resolves. */
  end?(): Awaitable<void>
  /** @default those of the process */
  readonly input?: NodeJS.ReadStream
  readonly output?: NodeJS.WriteStream
  readonly errors?: NodeJS.WriteStream
}

/** A console: lines are typed, or come from a script, and what they mean is printed. */
export interface LineConsole {
  /** Whether somebody sits at it. */
  readonly isInteractive: boolean
  /** Columns of the terminal; undefined: there is none, lines may be as long as they like. */
  readonly columns: number | undefined
  /** Resolves when it has been left, to whether all lines could be run. */
  readonly left: Promise<boolean>
  /** Prints a line, or several, above what is being typed. */
  print(text: string): void
  /** The same, for messages: they are no data, and go to stderr where a script is run. */
  say(text: string): void
  /** Prints lines page by page where somebody reads them. Resolves when all are printed, or were not wanted. */
  page(lines: Iterable<string>): Promise<void>
  /** Shows what is thrown. */
  showError(error: unknown): void
  /** Asks for the prompt again. */
  refresh(): void
  /** Leaves it. Lines that were typed ahead are not run any more. */
  leave(): void
}

/** Opens a console on the terminal, or runs the lines of stdin where it is none. */
export function openLineConsole(options: LineConsoleOptions): LineConsole {
  const { input = process.stdin, output = process.stdout, errors = process.stderr } = options
  const streams = { input, output, errors }
  // A dumb terminal cannot move its cursor: lines come from it as from a file.
  return input.isTTY && output.isTTY && process.env.TERM !== 'dumb'
    ? openInteractiveConsole(options, streams)
    : openScriptConsole(options, streams)
}

/** Where it reads and writes. */
export interface ConsoleStreams {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly errors: NodeJS.WriteStream
}
