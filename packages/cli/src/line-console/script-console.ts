import { createInterface } from 'node:readline'
import { toError } from '@sd/core'
import { createStyle } from '../output/style.ts'
import type { ConsoleStreams, LineConsole, LineConsoleOptions } from './line-console.ts'
import { repeatLine } from './repeat-line.ts'

/** Runs the lines of stdin, which is a file or a pipe: no prompt, no echo, data on stdout and messages on stderr. */
export function openScriptConsole(options: LineConsoleOptions, streams: ConsoleStreams): LineConsole {
  return new ScriptConsole(options, streams)
}

class ScriptConsole implements LineConsole {
  readonly isInteractive = false
  readonly columns = undefined
  readonly left: Promise<boolean>
  readonly #options: LineConsoleOptions
  readonly #streams: ConsoleStreams
  readonly #stop = new AbortController()
  #isFine = true
  #last: string | undefined

  constructor(options: LineConsoleOptions, streams: ConsoleStreams) {
    this.#options = options
    this.#streams = streams
    // The caller has the console in hand before the first line is run.
    this.left = Promise.resolve().then(() => this.#runAll())
  }

  print(text: string): void {
    this.#write(this.#streams.output, text)
  }

  say(text: string): void {
    this.#write(this.#streams.errors, text)
  }

  showError(error: unknown): void {
    this.#isFine = false
    this.say(toError(error).message)
  }

  page(lines: Iterable<string>): Promise<void> {
    for (const line of lines) this.print(line)
    return Promise.resolve()
  }

  refresh(): void {}

  leave(): void {
    this.#stop.abort()
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    stream.write(`${createStyle(stream).render(text)}\n`)
  }

  async #runAll(): Promise<boolean> {
    const { signal } = this.#stop
    const lines = createInterface({ input: this.#streams.input, crlfDelay: Number.POSITIVE_INFINITY, signal })
    for await (const line of lines) {
      await this.#run(line.trim(), signal)
      if (signal.aborted) break
    }
    lines.close()
    this.#streams.input.destroy()
    try {
      await this.#options.end?.()
    } catch (error) {
      this.showError(error)
    }
    return this.#isFine
  }

  async #run(given: string, signal: AbortSignal): Promise<void> {
    try {
      const line = repeatLine(given, this.#last)
      if (line === '') return
      this.#last = line
      await this.#options.run(line, signal)
    } catch (error) {
      if (!signal.aborted) this.showError(error)
    }
  }
}
