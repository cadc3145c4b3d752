import { createInterface, type Interface } from 'node:readline'
import { toError } from '@sd/core'
import { escapeText } from '@sd/core/escape-text'
import { createStyle, type Style } from '../output/style.ts'
import { restoreAtEnd } from '../terminal/restore-at-end.ts'
import { completeWord } from './complete-word.ts'
import { type ConsoleHistory, HISTORY_LENGTH, openHistory } from './console-history.ts'
import type { ConsoleStreams, LineConsole, LineConsoleOptions } from './line-console.ts'
import { Pager } from './pager.ts'
import { repeatLine } from './repeat-line.ts'

const ESCAPE = '\x1b['

/** A console somebody sits at. */
export function openInteractiveConsole(options: LineConsoleOptions, streams: ConsoleStreams): LineConsole {
  return new InteractiveConsole(options, streams)
}

/**
 * The prompt always stands at the bottom, also while a command runs: whatever is printed appears above it, and what
 * is being typed stays. So output may come at any time.
 */
class InteractiveConsole implements LineConsole {
  readonly isInteractive = true
  readonly left: Promise<boolean>
  readonly #options: LineConsoleOptions
  readonly #output: NodeJS.WriteStream
  readonly #input: NodeJS.ReadStream
  readonly #style: Style
  readonly #readline: Interface
  readonly #history: ConsoleHistory
  readonly #giveBack: () => void
  /** The lines that were typed are run one after the other. */
  #queue: Promise<void> = Promise.resolve()
  #running: AbortController | undefined
  #pager: Pager | undefined
  /** What was typed while pages are shown, besides the pager's keys: a word, which has none. */
  #typedAtPager = ''
  /** Whether what comes was typed, or pasted, while pages were shown that have just ended. */
  #isPagerEnding = false
  /** For `!!`. */
  #last: string | undefined
  #lastKept: string | undefined
  #isOpen = true
  /** Somebody has had enough: what was typed after that is not run. After Ctrl-D, what was typed before it is. */
  #isLeft = false

  constructor(options: LineConsoleOptions, { input, output }: ConsoleStreams) {
    this.#options = options
    this.#input = input
    this.#output = output
    this.#style = createStyle(output)
    this.#history = openHistory(options.name)
    this.#lastKept = this.#history.lines.at(-1)
    this.#readline = createInterface({
      input,
      output,
      terminal: true,
      history: [...this.#history.lines].reverse(),
      historySize: HISTORY_LENGTH,
      removeHistoryDuplicates: true,
      completer: (line, callback) => this.#complete(line, callback),
    })
    this.#giveBack = restoreAtEnd(() => this.#abandon())
    this.left = new Promise((resolve) => this.#readline.once('close', () => resolve(this.#end())))
    this.#readline.on('line', (line) => this.#take(line))
    this.#readline.on('history', (history) => this.#remember(history))
    this.#readline.on('SIGINT', () => this.#interrupt())
    // Readline has paused by then.
    this.#readline.on('SIGCONT', () => this.#readline.prompt(true))
    process.on('SIGCONT', this.#onContinue)
    input.on('keypress', this.#onKey)
    if (this.#history.problem)
      this.say(`What you type is not kept for the next time: ${this.#history.problem}.`)
    this.refresh()
  }

  get columns(): number {
    return this.#output.columns || 80
  }

  print(given: string): void {
    const text = this.#style.render(given)
    if (!this.#isOpen) return void this.#output.write(`${text}\n`)
    const { drawn, cursor } = this.#readRows()
    const up = cursor > 0 ? `${ESCAPE}${cursor}A` : ''
    // Before readline draws the line anew it goes up by the rows that it had drawn.
    this.#output.write(`\r${up}${ESCAPE}J${text}\n${'\n'.repeat(drawn)}`)
    this.#readline.prompt(true)
  }

  say(text: string): void {
    this.print(this.#style.dim(text))
  }

  showError(error: unknown): void {
    this.print(this.#style.red(toError(error).message))
  }

  page(lines: Iterable<string>): Promise<void> {
    if (!this.#isOpen) {
      for (const line of lines) this.print(line)
      return Promise.resolve()
    }
    const pager = new Pager(lines, {
      rows: () => this.#output.rows || 24,
      print: (text) => this.print(text),
      onEnd: () => {
        this.#pager = undefined
        this.#typedAtPager = ''
        this.#isPagerEnding = true
        setImmediate(() => {
          this.#isPagerEnding = false
        })
        this.refresh()
      },
    })
    this.#pager = pager
    pager.next()
    this.refresh()
    return pager.done
  }

  refresh(): void {
    if (!this.#isOpen) return
    this.#readline.setPrompt(escapeText(this.#pager ? this.#pager.prompt : this.#options.prompt()))
    this.#readline.prompt(true)
  }

  leave(): void {
    this.#isLeft = true
    this.#readline.close()
  }

  /**
   * In which row of what is being typed the cursor stands, and in which one it stood when readline drew it last. What
   * is pasted is not drawn, only written; then a line that fills its row has no cursor in the next one yet.
   */
  #readRows(): { drawn: number; cursor: number } {
    const { rows, cols } = this.#readline.getCursorPos()
    // Not documented, and there for as long as readline is.
    const { prevRows: drawn = rows } = this.#readline as { prevRows?: number }
    return { drawn, cursor: cols === 0 && rows > drawn ? rows - 1 : rows }
  }

  #take(typed: string): void {
    if (this.#pager) {
      this.#typedAtPager = ''
      return this.#pager.next()
    }
    if (this.#isPagerEnding) return
    const given = this.#options.isVerbatim ? typed : typed.trim()
    let line: string
    try {
      line = repeatLine(given, this.#last)
    } catch (error) {
      this.showError(error)
      return
    }
    if (line !== given) this.say(line)
    if (line !== '') this.#last = line
    if (line !== '' || this.#options.isVerbatim) {
      this.#queue = this.#queue.then(() => this.#run(line))
    }
    this.refresh()
  }

  async #run(line: string): Promise<void> {
    if (this.#isLeft) return
    this.#running = new AbortController()
    try {
      await this.#options.run(line, this.#running.signal)
    } catch (error) {
      if (!this.#running.signal.aborted) this.showError(error)
    }
    this.#running = undefined
    this.refresh()
  }

  /** @param history - readline's own, which may be changed here; the newest first. */
  #remember(history: string[]): void {
    const [line] = history
    if (line === undefined || line === this.#lastKept) return
    // As in a shell, a space before a line keeps it out of the history: it may hold a password.
    if (line.startsWith(' ') || line.startsWith('!!')) return void history.shift()
    this.#lastKept = line
    this.#history.add(line)
  }

  #interrupt(): void {
    if (this.#pager) return this.#pager.end()
    if (this.#readline.line !== '') return this.#clearLine()
    if (this.#running) this.#running.abort()
    else if (!this.#options.interrupt?.()) this.leave()
  }

  #clearLine(): void {
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
  }

  /** Keys of the pager act at once, and are no part of a word: `sigquit` was meant for the prompt, and is nothing here. Readline has heard the key before, and has it in its line. */
  readonly #onKey = (text: string | undefined, key: { name?: string } | undefined): void => {
    const pager = this.#pager
    if (!(pager || this.#isPagerEnding) || key?.name === 'return' || key?.name === 'enter') return
    this.#clearLine()
    if (!pager) return
    if (text === ' ') {
      this.#typedAtPager = ''
      pager.next()
    } else if (text === 'q' && this.#typedAtPager === '') pager.end()
    else this.#typedAtPager += text ?? ''
  }

  /** After Ctrl-Z, and after a SIGSTOP, when the shell has changed the terminal's mode behind Node's back. */
  readonly #onContinue = (): void => {
    if (!this.#isOpen) return
    this.#input.setRawMode(false)
    this.#input.setRawMode(true)
    this.#readline.prompt(true)
  }

  #complete(line: string, callback: (error: null, result: [string[], string]) => void): void {
    if (this.#pager) return callback(null, [[], line])
    void completeWord(line, this.#options.complete).then((result) => callback(null, result))
  }

  async #end(): Promise<boolean> {
    this.#isOpen = false
    this.#pager?.end()
    this.#input.off('keypress', this.#onKey)
    this.#output.write('\n')
    await this.#queue
    try {
      await this.#options.end?.()
    } catch (error) {
      this.showError(error)
    }
    this.#giveBack()
    process.off('SIGCONT', this.#onContinue)
    this.#input.pause()
    return true
  }

  /** The process ends: the terminal gets back its own mode, and its cursor a line of its own. */
  #abandon(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#input.setRawMode(false)
    this.#output.write('\n')
  }
}
