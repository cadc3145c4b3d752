import type { WriteStream } from 'node:tty'
import { escapeText } from '@sd/core/escape-text'

/** Colours and weights; each marks the text, and returns it as it is where there are none. {@link Style.render} makes them real. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
  /** Background and foreground change places. */
  inverse(text: string): string
  /** Text without its styles. */
  strip(text: string): string
  /** Text as a terminal takes it: styles are obeyed, and all else is escaped but lines and tabs. */
  render(text: string): string
}

/** ECMA-48: what begins and what ends each. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  inverse: [7, 27],
}

/** Nobody outside of this process knows it: text of a stranger has no styles. */
const KEY = String(Math.random()).slice(2)

const MARK = new RegExp(`<${KEY}:(\\d+)>`)

/** Styles for a stream: plain where it is no terminal, or where the user wants none (no-color.org). */
export function createStyle(
  stream: Pick<WriteStream, 'isTTY'>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Style {
  const colored = Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb'
  const entries = Object.entries(CODES).map(([name, [begin, end]]) => {
    const wrap = (text: string): string => (colored ? `<${KEY}:${begin}>${text}<${KEY}:${end}>` : text)
    return [name, wrap]
  })
  return {
    ...(Object.fromEntries(entries) as Pick<Style, keyof typeof CODES>),
    strip: (text) => withMarks(text, () => ''),
    // Marks are plain text: they stay.
    render: (text) => withMarks(escapeText(text, '\n\t'), (code) => (colored ? `\x1b[${code}m` : '')),
  }
}

/** Puts something in the place of each mark: the odd parts of a split. */
function withMarks(text: string, format: (code: string) => string): string {
  return text
    .split(MARK)
    .map((part, index) => (index % 2 === 0 ? part : format(part)))
    .join('')
}
