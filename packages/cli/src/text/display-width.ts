import { escapeText } from '@sd/core/escape-text'

/** Shown in two columns: East Asian wide and fullwidth characters, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u

/** Shown in the column of the character before them. */
const MARKS_ONLY = /^[\p{Mark}\p{Format}]+$/u

const PLAIN = /^[\x20-\x7e]*$/

const graphemes = new Intl.Segmenter()

/** How many columns of a terminal a text takes, escaped as it is shown. */
export function displayWidth(given: string): number {
  if (PLAIN.test(given)) return given.length
  const text = escapeText(given)
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += widthOf(segment)
  return width
}

/** The beginning of a text that fits into so many columns, escaped; what is cut ends with `…`. */
export function cutText(given: string, columns: number): string {
  if (columns <= 0) return ''
  const text = escapeText(given)
  if (PLAIN.test(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`
  if (displayWidth(text) <= columns) return text
  let cut = ''
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment)
    if (width > columns - 1) break
    cut += segment
  }
  return `${cut}…`
}

/** A text in a column of that width: cut, or filled with spaces. */
export function fitText(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutText(text, columns)
  const space = ' '.repeat(Math.max(0, columns - displayWidth(cut)))
  return align === 'left' ? cut + space : space + cut
}

function widthOf(grapheme: string): number {
  if (MARKS_ONLY.test(grapheme)) return 0
  return WIDE.test(grapheme) ? 2 : 1
}
