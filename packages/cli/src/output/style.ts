import type { WriteStream } from 'node:tty'

/** Colours and weights; each returns the text as it is where there are none. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
  /** Background and foreground change places. */
  inverse(text: string): string
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

/** Styles for a stream: plain where it is no terminal, or where the user wants none (no-color.org). */
export function createStyle(
  stream: Pick<WriteStream, 'isTTY'>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Style {
  const colored = Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb'
  const entries = Object.entries(CODES).map(([name, [begin, end]]) => {
    const wrap = (text: string): string => (colored ? `\x1b[${begin}m${text}\x1b[${end}m` : text)
    return [name, wrap]
  })
  return Object.fromEntries(entries) as Style
}
