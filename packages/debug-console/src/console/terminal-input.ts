import { clearScreenDown, createInterface, cursorTo, moveCursor } from 'node:readline'
import type { ConsoleInput, InputParts } from './script-input.ts'
import { rememberTerminal } from './terminal-settings.ts'

/** Lines that the arrow keys bring back. */
const HISTORY = 500

/** Milliseconds in which a second Ctrl-C at an empty prompt means it. */
const TWICE = 2000

/** Milliseconds that an answer with completions may take. */
const COMPLETION_TIME = 1000

/** A line editor on a terminal: output that arrives while one types is shown above what is being typed. */
export function openTerminalInput(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream & { readonly columns?: number },
  parts: InputParts,
): ConsoleInput {
  const completions = new Map<number, (names: readonly string[]) => void>()
  let lastCompletion = 0
  let interruptedAt = Number.NEGATIVE_INFINITY
  /** Whether the line editor is on the screen. */
  let asking = false
  let closed = false

  const restoreTerminal = input === process.stdin ? rememberTerminal() : (): void => {}
  const reader = createInterface({
    input,
    output,
    terminal: true,
    historySize: HISTORY,
    removeHistoryDuplicates: true,
    completer(line: string, answer: (error: null, result: [string[], string]) => void) {
      const id = ++lastCompletion
      const give = (names: readonly string[]): void => {
        clearTimeout(timer)
        completions.delete(id)
        answer(null, [[...names], line])
      }
      const timer = setTimeout(() => give([]), COMPLETION_TIME)
      completions.set(id, give)
      parts.onComplete(id, line)
    },
  })

  /** Takes the prompt, and what is typed behind it, off the screen. */
  function hide(): void {
    const { rows } = reader.getCursorPos()
    if (rows > 0) moveCursor(output, 0, -rows)
    cursorTo(output, 0)
    clearScreenDown(output)
  }

  reader.on('line', (line) => {
    asking = false
    // Until the next prompt nothing is asked for; what is typed ahead waits.
    reader.setPrompt('')
    parts.onLine(line)
  })
  reader.on('SIGINT', () => {
    if (reader.line !== '') {
      output.write('^C\n')
      // Deletes what is typed.
      reader.write(null, { ctrl: true, name: 'e' })
      reader.write(null, { ctrl: true, name: 'u' })
      return
    }
    const now = performance.now()
    if (now - interruptedAt < TWICE) return parts.onInterrupt()
    interruptedAt = now
    print('Once more Ctrl-C stops debugging, and a daemon on this terminal; "end" ends debugging only.')
  })
  // Ctrl-Z would stop the console, not the daemon.
  reader.on('SIGTSTP', () => {})
  reader.on('close', () => {
    if (closed) return
    closed = true
    output.write('\n')
    parts.onEnd()
  })
  input.on('error', () => parts.onClosed())
  output.on('error', () => parts.onClosed())

  function print(text: string): void {
    if (!asking) return void output.write(`${text}\n`)
    hide()
    output.write(`${text}\n`)
    reader.prompt(true)
  }

  return {
    print,
    prompt(text) {
      if (closed) return
      if (asking) hide()
      asking = true
      reader.setPrompt(text)
      reader.prompt(true)
    },
    complete: (id, names) => completions.get(id)?.(names),
    close() {
      if (closed) return
      closed = true
      // By now the line may be the shell's.
      if (asking) output.write('\n')
      asking = false
      try {
        reader.close()
      } catch {
        restoreTerminal()
      }
    },
  }
}
