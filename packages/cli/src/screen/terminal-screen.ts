import { emitKeypressEvents, type Interface } from 'node:readline'
import { createStyle, type Style } from '../output/style.ts'
import { restoreAtEnd } from '../terminal/restore-at-end.ts'
import { cutText } from '../text/display-width.ts'

/** How a line looks. */
export type LineStyle = 'plain' | keyof Style

/** One row of the screen. What does not fit is cut. */
export interface ScreenLine {
  readonly text: string
  readonly style?: LineStyle
}

/** A key that was pressed. */
export interface Key {
  /** What it types; undefined for one that types nothing. */
  readonly text: string | undefined
  /** `up`, `return`, `escape`, `a`, … */
  readonly name: string | undefined
  readonly ctrl: boolean
}

/** What a screen tells of. */
export interface ScreenEvents {
  onKey(key: Key): void
  /** The terminal has another size, or was in other hands for a while: all must be drawn again. */
  onRedraw(): void
  /** The terminal has gone. */
  onEnd(): void
}

/**
 * Milliseconds after which an Esc is the key, and not the beginning of another one's sequence. Node waits for half a second, in
 * which the next key would be taken for a part of it.
 */
const ESCAPE_TIMEOUT = 50

// xterm's control sequences, which every terminal of today knows.
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const CLEAR = '\x1b[2J'
const HOME = '\x1b[H'
const REST_OF_LINE = '\x1b[K'
const REST_OF_SCREEN = '\x1b[J'

/**
 * The whole terminal, for a program that draws it again and again. It is the terminal's alternate screen, so that what
 * was there before comes back in the end.
 */
export class TerminalScreen {
  readonly #input: NodeJS.ReadStream
  readonly #output: NodeJS.WriteStream
  readonly #events: ScreenEvents
  readonly #style: Style
  readonly #giveBack: () => void
  #isShown = false
  #last = ''

  constructor(
    events: ScreenEvents,
    input: NodeJS.ReadStream = process.stdin,
    output: NodeJS.WriteStream = process.stdout,
  ) {
    this.#events = events
    this.#input = input
    this.#output = output
    this.#style = createStyle(output)
    this.#giveBack = restoreAtEnd(() => this.#hide())
    // It looks at this one property of an interface.
    emitKeypressEvents(input, { escapeCodeTimeout: ESCAPE_TIMEOUT } as object as Interface)
    input.on('keypress', this.#onKey)
    input.once('end', this.#onGone)
    input.on('error', this.#onGone)
    output.on('error', this.#onGone)
    output.on('resize', this.#onResize)
    process.on('SIGCONT', this.#onContinue)
    this.#show()
  }

  get columns(): number {
    return this.#output.columns || 80
  }

  get rows(): number {
    return this.#output.rows || 24
  }

  /** Shows these lines, from the top; those that do not fit are left out. */
  draw(lines: readonly ScreenLine[]): void {
    if (!this.#isShown) return
    // Erased before it is written: at the right border it would take the last character with it.
    const rows = lines.slice(0, this.rows).map((line) => REST_OF_LINE + this.#paint(line))
    const frame = `${HOME}${rows.join('\r\n')}${rows.length < this.rows ? `\r\n${REST_OF_SCREEN}` : ''}`
    if (frame === this.#last) return
    this.#last = frame
    this.#output.write(frame)
  }

  /** The terminal is as it was before. Idempotent. */
  close(): void {
    this.#hide()
    this.#giveBack()
    this.#input.off('keypress', this.#onKey)
    this.#input.off('end', this.#onGone)
    this.#output.off('resize', this.#onResize)
    process.off('SIGCONT', this.#onContinue)
    this.#input.pause()
  }

  /** The shell gets the terminal until it continues this program: what Ctrl-Z means. */
  suspend(): void {
    this.#hide()
    // The whole job, as the terminal itself would do it: whoever started this program is stopped with it.
    process.kill(0, 'SIGTSTP')
  }

  #paint({ text, style = 'plain' }: ScreenLine): string {
    const cut = cutText(text, this.columns)
    return this.#style.render(style === 'plain' ? cut : this.#style[style](cut))
  }

  #show(): void {
    this.#isShown = true
    this.#last = ''
    this.#input.setRawMode(true)
    this.#input.resume()
    this.#output.write(ENTER + CLEAR)
  }

  #hide(): void {
    if (!this.#isShown) return
    this.#isShown = false
    try {
      this.#input.setRawMode(false)
      this.#output.write(LEAVE)
    } catch {
      // The terminal has gone: nothing is left to be restored.
    }
  }

  readonly #onKey = (text: string | undefined, key: Partial<Key> | undefined): void => {
    this.#events.onKey({ text, name: key?.name, ctrl: key?.ctrl ?? false })
  }

  readonly #onGone = (): void => this.#events.onEnd()

  readonly #onResize = (): void => {
    this.#last = ''
    if (this.#isShown) this.#output.write(CLEAR)
    this.#events.onRedraw()
  }

  /** Also after a SIGSTOP, when the shell may have changed the terminal's mode. */
  readonly #onContinue = (): void => {
    this.#hide()
    this.#show()
    this.#events.onRedraw()
  }
}
