/** Characters of the longest note. */
const NOTE = 64

/** How much of a text is kept. */
export interface TextBounds {
  readonly characters: number
  readonly lines: number
}

/** Of a message of the daemon itself: more than anybody reads, and written within a moment. */
export const OWN_BOUNDS: TextBounds = Object.freeze({ characters: 16 * 1024 * 1024, lines: 50_000 })

/** Of a message that another process has sent. */
export const FOREIGN_BOUNDS: TextBounds = Object.freeze({ characters: 1024 * 1024, lines: 10_000 })

/** Of a label, which may be one that another process has sent. */
export const LABEL_BOUNDS: TextBounds = Object.freeze({ characters: 1000, lines: 1 })

/** A text, or its beginning and how much is missing. */
export function boundText(text: string, { characters, lines }: TextBounds): string {
  const end = endOfLines(text, Math.min(text.length, characters), lines)
  // What is cut already has a note of that.
  return text.length - end <= NOTE
    ? text
    : `${text.slice(0, end)}\n(${text.length - end} more characters were cut)`
}

/** Where so many lines end, or the text does. */
function endOfLines(text: string, length: number, lines: number): number {
  let at = -1
  for (let line = 0; line < lines; line++) {
    at = text.indexOf('\n', at + 1)
    if (at < 0 || at >= length) return length
  }
  return at
}
