import { escapeText } from '@sd/core/escape-text'
import { exitCodes } from '../exit-codes.ts'
import { formatJson } from './format-json.ts'
import { formatTable, type Table } from './format-table.ts'
import { type Progress, startProgress } from './progress.ts'
import { createStyle, type Style } from './style.ts'

/**
 * Where a command tells what it has found, and what it does. stdout is for data, stderr for messages. Whatever text it is given,
 * a terminal shows it and does not obey it.
 */
export interface Output {
  /** Whether JSON was asked for. */
  readonly json: boolean
  /** Colours for stdout, where it has any. */
  readonly style: Style
  /** Writes a line, or several, of data for people. Nothing else may be written to stdout. */
  print(text: string): void
  /** Writes data for people as a table. */
  printTable(table: Table): void
  /** Writes data for programs: the one JSON document that a command with `--json` answers with. */
  printJson(value: unknown): void
  /** Writes a line that belongs to no JSON document, to be followed by others: a log that is followed. */
  printJsonLine(value: unknown): void
  /** Tells a person what happens, on stderr. Not with `--json`. */
  say(message: string): void
  /** Tells a person what they should know, on stderr, whatever was asked for. */
  warn(message: string): void
  /**
   * Shows that something takes its time, from half a second on.
   *
   * @param what - `Stopping poller`.
   */
  progress(what: string): Progress
}

/** @param json - whether JSON was asked for. */
export function createOutput({ json }: { json: boolean }): Output {
  const { stdout, stderr } = process
  const style = createStyle(stdout)
  const tell = (message: string): void => void stderr.write(`${escapeText(message, '\n\t')}\n`)
  stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    // Who pipes us into `head` has seen enough: that is no failure.
    if (code === 'EPIPE') process.exit()
    tell(`Error: What was found cannot be written: ${message}`)
    // Whatever else the command has to say about its success.
    process.once('exit', () => {
      process.exitCode = exitCodes.error
    })
  })
  // Who does not want to hear our messages has them unsaid.
  stderr.on('error', () => {})
  const print = (text: string): void => void stdout.write(`${style.render(text)}\n`)
  return {
    json,
    style,
    print,
    printTable: (table) => print(formatTable(table, style)),
    printJson: (value) => print(formatJson(value, 2)),
    printJsonLine: (value) => print(formatJson(value)),
    say(message) {
      if (!json) tell(message)
    },
    warn: tell,
    progress: (what) => startProgress(what, json ? undefined : stderr),
  }
}
