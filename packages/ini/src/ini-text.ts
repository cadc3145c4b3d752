import { SdError } from '@sd/core'

/** The text that is being parsed, in lines, and the one way to complain about it. */
export class IniText {
  /** The lines without their ends: LF, CRLF or CR. A byte order mark is gone. */
  readonly lines: readonly string[]
  readonly #file: string | undefined

  constructor(text: string, file: string | undefined) {
    this.lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
    this.#file = file
  }

  /**
   * Throws `SD_INI_SYNTAX`.
   *
   * @param line - the offending line; the first is 1.
   * @param problem - what is wrong, a sentence.
   * @param remedy - what to write instead, a sentence.
   */
  fail(line: number, problem: string, remedy: string): never {
    const place = `${this.#file ?? 'INI text'}, line ${line}`
    const message = `${place}: ${problem} ${remedy} The line: ${showLine(this.lines[line - 1]!)}`
    throw new SdError('SD_INI_SYNTAX', message, { file: this.#file, line })
  }
}

/** A line as a message shows it: control characters could disturb a terminal, a long line would bury the text. */
function showLine(text: string): string {
  const visible = text
    .trim()
    .slice(0, 200)
    .replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return text.trim().length > 200 ? `${visible}...` : visible
}
