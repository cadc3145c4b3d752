import { describe, expect, test } from '@jest/globals'
import { escapeJson, escapeText } from '../src/escape-text.ts'
import { formatRecord } from '../src/log/format-record.ts'

/** First and last of each range, written down a second time. */
const RANGES = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x034f, 0x034f],
  [0x061c, 0x061c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
] as const

const hostile = RANGES.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, n) => String.fromCodePoint(first + n)),
)
const set: ReadonlySet<string> = new Set(hostile)

/** Two halves beside each other would be a character, and perhaps a letter. */
const mixed = hostile.filter((character) => !/[\udc00-\udfff]/.test(character) || character.length > 1)

function isClean(text: string, kept: string): boolean {
  return [...text].every((character) => kept.includes(character) || !set.has(character))
}

function* randomTexts(count: number, friendly: string): Generator<string> {
  const pick = <Item>(items: ArrayLike<Item>): Item => items[Math.floor(Math.random() * items.length)]!
  for (let n = 0; n < count; n++) {
    const length = Math.floor(Math.random() * 20)
    yield Array.from({ length }, () => pick(Math.random() < 0.6 ? mixed : friendly)).join('')
  }
}

describe('text of a stranger', () => {
  test('is shown, and not obeyed', () => {
    expect(escapeText('a\tb\x1b[31mc\r\n\x07\x9b\u202e\x7f\u{e0041}\ud800')).toBe(
      'a\\x09b\\x1b[31mc\\x0d\\x0a\\x07\\x9b\\u202e\\x7f\\u{e0041}\\ud800',
    )
    expect(escapeText('a\tb\n', '\t')).toBe('a\tb\\x0a')
    expect(escapeText('a\tb\n', '\n\t')).toBe('a\tb\n')
  })

  test('has no letter of the set left, whatever stands beside it', () => {
    for (const character of hostile) expect(isClean(escapeText(`a${character}b`), '')).toBe(true)
    for (const text of randomTexts(3000, 'aZ9 \\<"é')) {
      expect(isClean(escapeText(text), '')).toBe(true)
      expect(isClean(escapeText(text, '\n\t'), '\n\t')).toBe(true)
      expect(escapeText(escapeText(text, '\n\t'), '\n\t')).toBe(escapeText(text, '\n\t'))
    }
  })

  test('keeps what belongs to a script or an emoji, and nothing that hides in other text', () => {
    for (const text of [
      'héllo 日本 \u{1f600} e\u0301',
      '\u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u2764\ufe0f\u200d\u{1f525} 1\ufe0f\u20e3 \u260e\ufe0e',
      '\u0915\u094d\u200d\u0937 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u845b\u{e0100}',
    ])
      expect(escapeText(text)).toBe(text)
    expect(escapeText('ad\u200dmin\u200b \u0430\u200c \ufe0f\ufe0f')).toBe(
      'ad\\u200dmin\\u200b \u0430\\u200c \\ufe0f\\ufe0f',
    )
  })

  test('means the same in JSON', () => {
    for (const text of randomTexts(3000, 'aZ9 \\<"é')) {
      const json = escapeJson(JSON.stringify({ [text]: [text] }, null, 2))
      expect(JSON.parse(json)).toEqual({ [text]: [text] })
      expect(isClean(json, '\n')).toBe(true)
    }
    expect(escapeJson('["\x9b\u202e\u{e0041}"]')).toBe('["\\u009b\\u202e\\udb40\\udc41"]')
  })

  test('is one record of the log, whatever it holds', () => {
    for (const text of randomTexts(2000, 'aé ')) {
      const record = formatRecord({ time: new Date(), pid: 1, label: text, level: 'info', message: text })
      expect(isClean(record, '\n\t')).toBe(true)
      expect(record.split('\n')).toHaveLength(text.split('\n').length + 1)
    }
  })
})
