/** The words of PHP's INI_SCANNER_TYPED, in any case. */
const words: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['on', true],
  ['yes', true],
  ['false', false],
  ['off', false],
  ['no', false],
  ['none', false],
  ['null', null],
])

/**
 * Gives unquoted text its type, as PHP's INI_SCANNER_TYPED does: words, decimal integers (leading zeros are
 * allowed and mean nothing) and decimal fractions. `+1`, `1e3`, `0x1A` and `1_000` stay text there and here.
 *
 * Two differences from PHP: `-1.5` is a number (there only `1.5` is), and an integer that JavaScript cannot
 * hold exactly stays text, because a silently changed account number is worse than a string.
 */
export function typeOfPlainText(text: string): string | number | boolean | null {
  const word = words.get(text.toLowerCase())
  if (word !== undefined) return word
  if (/^-?\d+$/.test(text)) {
    const integer = Number(text)
    return Number.isSafeInteger(integer) ? integer + 0 : text
  }
  if (/^-?(\d+\.\d*|\.\d+)$/.test(text)) {
    const fraction = Number(text)
    return Number.isFinite(fraction) ? fraction + 0 : text
  }
  return text
}
