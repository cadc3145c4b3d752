import { createInterface } from 'node:readline'

/** Where lines come from, and text goes. */
export interface ConsoleInput {
  /** Shows text; what is being typed stays. */
  print(text: string): void
  /** Asks for a line. */
  prompt(text: string): void
  /** The answer to `onComplete`. */
  complete(id: number, names: readonly string[]): void
  close(): void
}

/** What comes of the input. */
export interface InputParts {
  onLine(text: string): void
  onComplete(id: number, text: string): void
  /** Ctrl-C, and it is meant. */
  onInterrupt(): void
  /** There is no more input. */
  onEnd(): void
  /** The terminal is gone. */
  onClosed(): void
}

/** Runs the lines of something that is no terminal: one for each prompt, shown behind it. */
export function openScriptInput(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  parts: InputParts,
): ConsoleInput {
  const lines: string[] = []
  const reader = createInterface({ input, terminal: false })
  let wanted: string | undefined
  let ended = false
  const next = (): void => {
    if (wanted === undefined || (lines.length === 0 && !ended)) return
    const line = lines.shift()
    const shown = wanted
    wanted = undefined
    if (line === undefined) return parts.onEnd()
    output.write(`${shown}${line}\n`)
    parts.onLine(line)
  }
  reader.on('line', (line) => {
    lines.push(line)
    next()
  })
  reader.on('close', () => {
    ended = true
    next()
  })
  // Whoever reads may go away first.
  output.on('error', () => parts.onClosed())
  return {
    print: (text) => void output.write(`${text}\n`),
    prompt(text) {
      wanted = text
      next()
    },
    complete() {},
    close: () => reader.close(),
  }
}
