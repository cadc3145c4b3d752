/**
 * What would move the cursor, change colours, or turn the writing direction when a terminal shows it: control
 * characters, and Unicode's marks for bidirectional text.
 */
const CONTROLS = /(?!\t)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

/** Text of a stranger, so that a terminal shows it and does not obey it: `\x1b[31m` becomes visible. Tabs stay. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0)
    return code > 0xff
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\x${code.toString(16).padStart(2, '0')}`
  })
}

/** The same for text of several lines, which stay lines. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n')
}
