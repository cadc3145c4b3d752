// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax under test
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parseIni } from '@sd/ini'

/** What PHP really answered; null where it refused the text. */
interface Recorded {
  env: Record<string, string>
  answers: [text: string, answer: unknown][]
}

const { env, answers }: Recorded = JSON.parse(
  readFileSync(new URL('./fixtures/php-answers.json', import.meta.url), 'utf8'),
)

/** What we answer, in PHP's terms: null is a refusal, PHP knows no difference between {} and []. */
function answerTo(text: string): unknown {
  try {
    return JSON.parse(JSON.stringify(parseIni(text, { env })))
  } catch (error) {
    expect(error).toMatchObject({ code: 'SD_INI_SYNTAX' })
    return null
  }
}

function emptyArraysToMaps(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.length === 0 ? {} : value.map(emptyArraysToMaps)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, emptyArraysToMaps(item)]))
}

describe("PHP's parse_ini_string with INI_SCANNER_TYPED gives the same answer to", () => {
  test.each(answers)('%j', (text, answer) => {
    expect(answerTo(text)).toEqual(emptyArraysToMaps(answer))
  })
})

describe('this parser differs from PHP on purpose:', () => {
  test.each<[why: string, text: string, php: unknown, ours: unknown]>([
    ['a dotted key nests', 'a.b = 1', { 'a.b': 1 }, { a: { b: 1 } }],
    ['a dotted section nests', '[a.b]\nx=1', { 'a.b': { x: 1 } }, { a: { b: { x: 1 } } }],
    ['a section that comes twice is merged', '[s]\na=1\n[s]\nb=2', { s: { b: 2 } }, { s: { a: 1, b: 2 } }],
    ['a value never replaces a list', 'k[]=1\nk=2', { k: 2 }, null],
    ['a list never replaces a value', 'k=1\nk[]=2', { k: [2] }, null],
    ['a section never replaces a value', 'a=1\n[a]\nb=2', { a: { b: 2 } }, null],
    ['a key without value is not dropped silently', 'bare', [], null],
    ['text after a section needs its own line', '[s] a=1', { s: { a: 1 } }, null],
    ['a section needs a name', '[]\na=1', { '': { a: 1 } }, null],
    ['blanks around a section name do not count', '[ s ]\na=1', { ' s ': { a: 1 } }, { s: { a: 1 } }],
    ['a line that begins with # is a comment', '#a=b', { '#a': 'b' }, {}],
    ['# after a typed value is a mistake', 'k = 1 # c', { k: '1 # c' }, null],
    ['a negative fraction is a number too', 'k = -1.5', { k: '-1.5' }, { k: -1.5 }],
    ['an integer beyond 2^53 stays text', 'k = 9007199254740993', 'an int', { k: '9007199254740993' }],
    ['there are no constants', 'k = E_ALL', { k: '32767' }, { k: 'E_ALL' }],
    ['there is no arithmetic: or', 'k = a|b', { k: '0' }, { k: 'a|b' }],
    ['there is no arithmetic: and', 'k = a&b', { k: '0' }, { k: 'a&b' }],
    ['there is no arithmetic: not', 'k = !a', { k: '1' }, { k: '!a' }],
    ['there is no arithmetic: parentheses', 'k = (1)', { k: 1 }, { k: '(1)' }],
    ['= in a value is text', 'k = a=b', null, { k: 'a=b' }],
    ['an apostrophe in a value is text', "k = it's\nz = 1", { k: 'it' }, { k: "it's", z: 1 }],
    ['quoted pieces are not glued together', 'k = "a" "b"', { k: 'ab' }, null],
    ['quotes inside plain text are not dropped', 'k = a "b" c', { k: 'abc' }, null],
    ['reserved words may be keys', 'no = 1', null, { no: 1 }],
    ['a value may be empty before a comment', 'k = ; c', null, { k: '' }],
    ['names have no variables', '[${USER_NAME}]\nx=1', { ada: { x: 1 } }, null],
    ['line ends in quotes are always LF', 'k = "a\r\nb"', { k: 'a\r\nb' }, { k: 'a\nb' }],
    [
      'numbers from 0 make a list in any order',
      'k[1]=a\nk[0]=b',
      { k: { 1: 'a', 0: 'b' } },
      { k: ['b', 'a'] },
    ],
    ['fallbacks are those of PHP 8.3', 'k = ${NOPE:-x}', { k: '' }, { k: 'x' }],
    ['__proto__ is refused', '[__proto__]\na=1', { ['__proto__']: { a: 1 } }, null],
  ])('%s', (_, text, php, ours) => {
    expect(answerTo(text)).toEqual(ours)
    expect(ours).not.toEqual(php)
  })
})
