// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax under test
import { describe, expect, test } from '@jest/globals'
import { SdError } from '@sd/core'
import { parseIni, readSetting } from '@sd/ini'

const env = { HOME: '/home/ada', EMPTY: '', SPACED: ' a;b" ', constructor: 'own' }

/** Parses, and gives objects back their prototype, which `toEqual` compares. */
function parse(text: string): unknown {
  return JSON.parse(JSON.stringify(parseIni(text, { env })))
}

function failureOf(text: string): SdError {
  try {
    parseIni(text, { file: '/etc/app.ini', env })
  } catch (error) {
    expect(error).toBeInstanceOf(SdError)
    return error as SdError
  }
  throw new Error(`This should not parse: ${JSON.stringify(text)}`)
}

describe('the syntax', () => {
  test.each<[string, string, unknown]>([
    [
      'sections hold keys',
      '[web]\nport = 80\n[db]\nname = main',
      { web: { port: 80 }, db: { name: 'main' } },
    ],
    ['keys before the first section stand at the top', 'a = 1\n[s]\na = 2', { a: 1, s: { a: 2 } }],
    ['an empty section is there', '[empty]', { empty: {} }],
    ['a section that comes twice is merged', '[s]\na=1\n[t]\n[s]\nb=2', { s: { a: 1, b: 2 }, t: {} }],
    ['the last of two equal keys wins', 'a=1\na=2', { a: 2 }],
    ['dotted keys nest', '[s]\na.b.c=1\na.b.d=2', { s: { a: { b: { c: 1, d: 2 } } } }],
    ['dotted sections nest', '[a.b.c]\nx=1\n[a]\ny=2', { a: { b: { c: { x: 1 } }, y: 2 } }],
    ['dotted keys and sections meet', '[a]\nb.x=1\n[a.b]\ny=2', { a: { b: { x: 1, y: 2 } } }],
    ['a quoted section is one name', '["a.b]"]\nx=1', { 'a.b]': { x: 1 } }],
    ['blanks around names do not count', '[ a . b ]\n  x . y  =  1  ', { a: { b: { x: { y: 1 } } } }],
    ['empty brackets make a list', 'k[]=a\nk[]=b', { k: ['a', 'b'] }],
    [
      'a list goes on in a section that comes again',
      '[s]\nk[]=1\n[t]\n[s]\nk[]=2',
      { s: { k: [1, 2] }, t: {} },
    ],
    ['named brackets make a map', 'k[a]=1\nk[b.c]=2', { k: { a: 1, 'b.c': 2 } }],
    ['numbers from 0 in any order make a list', 'k[1]=b\nk[0]=a', { k: ['a', 'b'] }],
    ['numbers with a gap make a map', 'k[1]=b', { k: { 1: 'b' } }],
    ['empty brackets go on after the highest number', 'k[5]=a\nk[]=b', { k: { 5: 'a', 6: 'b' } }],
    ['names among numbers make a map', 'k[]=1\nk[a]=2\nk[]=3', { k: { 0: 1, a: 2, 1: 3 } }],
    ['a name and a high number are no list', 'k[1]=x\nk[a]=y', { k: { 1: 'x', a: 'y' } }],
    ['dots and brackets fill the same map', 'k.a=1\nk[b]=2', { k: { a: 1, b: 2 } }],
    ['empty brackets spare what a dot has set', 'k.0=a\nk[]=b', { k: ['a', 'b'] }],
    ['numbers without brackets are names', 'k.0=a', { k: { 0: 'a' } }],
    ['a huge number costs no memory', 'k[999999999]=a\nk[]=b', { k: { 999999999: 'a', 1000000000: 'b' } }],
    ['quoted brackets hold any name', 'k["a]=b"]=1', { k: { 'a]=b': 1 } }],
    ['an "=" belongs to the value', 'url = http://x/?a=1&b=2', { url: 'http://x/?a=1&b=2' }],
    ['";" and "#" begin comment lines', '; a\n  # b\n#c=d\nk=1', { k: 1 }],
    ['";" begins a comment after a value', 'a=x;y\nb="x;y" ; c\nc=\';\';d', { a: 'x', b: 'x;y', c: ';' }],
    ['"#" inside text is text', 'color = #fff\nb = a # b', { color: '#fff', b: 'a # b' }],
    ['a section may have a comment', '[a] ; x\n[b]# y', { a: {}, b: {} }],
    ['an empty value is the empty string', 'a =\nb = ; c\nc = ""', { a: '', b: '', c: '' }],
    ['an apostrophe is text', "k = it's", { k: "it's" }],
    [
      'double quotes know three escapes',
      'k = "\\" \\\\ \\${HOME} \\n C:\\dir"',
      { k: '" \\ ${HOME} \\n C:\\dir' },
    ],
    ['single quotes know none', "k = 'a\\\"${HOME}\\'", { k: 'a\\"${HOME}\\' }],
    ['quotes keep blanks', 'a = "  x "\nb = \'  \'', { a: '  x ', b: '  ' }],
    ['quoted values may span lines', 'a = "1\n;2\n[3]" ; c\nb = \'4\r\n5\'', { a: '1\n;2\n[3]', b: '4\n5' }],
    [
      'variables stand anywhere in a value',
      'a = x${HOME}/y\nb = "<${HOME}>"',
      { a: 'x/home/ada/y', b: '</home/ada>' },
    ],
    ['an unset variable is the empty string', 'a = ${NOPE}\nb = "<${NOPE}>"', { a: '', b: '<>' }],
    ['an unset variable takes its fallback', 'a = ${NOPE:-a;b}\nb = ${EMPTY:-x}', { a: 'a;b', b: '' }],
    ['what a variable holds is not read as syntax', 'k = ${SPACED} ; c', { k: ' a;b" ' }],
    ['only own variables count', 'a = ${constructor}\nb = "${toString}"', { a: 'own', b: '' }],
    ['a byte order mark and CR LF are fine', '\uFEFF[s]\r\na=1\r\nb=2\rc=3', { s: { a: 1, b: 2, c: 3 } }],
    ['nothing is nothing', ' \n\n', {}],
  ])('%s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected)
  })

  test.each<[string, unknown]>([
    ['true', true],
    ['On', true],
    ['YES', true],
    ['false', false],
    ['off', false],
    ['No', false],
    ['none', false],
    ['NULL', null],
    ['0', 0],
    ['-7', -7],
    ['007', 7],
    ['-0', 0],
    ['1.50', 1.5],
    ['-1.5', -1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', '9007199254740992'],
    [`${'9'.repeat(400)}.0`, `${'9'.repeat(400)}.0`],
    ['+1', '+1'],
    ['1e3', '1e3'],
    ['0x1A', '0x1A'],
    ['1_000', '1_000'],
    ['1.2.3', '1.2.3'],
    ['"1"', '1'],
    ["'yes'", 'yes'],
    ['"null"', 'null'],
    ['yes sir', 'yes sir'],
  ])('unquoted %s has its type', (text, expected) => {
    expect(parseIni(`k = ${text}`, { env }).k).toBe(expected)
  })

  test('looks variables up in process.env by default', () => {
    expect(parseIni('k = ${PATH}').k).toBe(process.env.PATH)
  })
})

describe('errors', () => {
  test.each<[string, number, string, RegExp]>([
    ['a key without "="', 2, 'a=1\ndebug', /no "=" after the key.*"debug = on"/],
    ['a key with a colon', 1, 'host: x', /"host = on"/],
    ['no key', 1, '= 1', /no key/],
    ['a dot at the end', 1, 'a. = 1', /A dot needs a name/],
    ['two dots', 1, '[a..b]', /A dot needs a name/],
    ['a quoted key', 1, '"k" = 1', /cannot contain double quotes/],
    ['a bracket that stays open', 1, 'k[a = 1', /"\[" is never closed/],
    ['two pairs of brackets', 1, 'k[a][b] = 1', /"k\.a\[\.\.\.\] = value"/],
    ['brackets without "="', 1, 'k[a] b=1', /no "=" after "\]"/],
    ['a section that stays open', 1, '[s\na=1', /"\[" is never closed/],
    ['a quoted section that stays open', 1, '["s]\na=1', /"\[" is never closed/],
    ['text after a quoted section name', 1, '["s"x]', /after the quoted name/],
    ['a section without name', 1, '[]', /no name/],
    ['text after a section', 1, '[s] a=1', /line of its own/],
    ['a double quote that stays open', 2, 'a=1\nk = "x\ny', /double quote that opens here is never closed/],
    ['a single quote that stays open', 1, "k = 'x\ny", /single quote that opens here is never closed/],
    ['text after a quoted value', 3, 'k = "1\n2\n3" x', /text after the closing quote: x/],
    ['an escaped single quote', 1, "k = 'it\\'s'", /text after the closing quote/],
    ['a double quote inside plain text', 1, 'k = 5"', /does not begin with one/],
    ['"#" after a word', 1, 'k = no # yet', /cannot begin with "#"/],
    ['"#" after a number', 1, 'k = 80 # http', /cannot begin with "#"/],
    ['"#" after a quoted value', 1, 'k = "a" # b', /cannot begin with "#"/],
    ['a variable that stays open', 1, 'k = ${HOME', /no closing "}"/],
    ['a variable that stays open in quotes', 2, 'k = "\n${HOME"', /no closing "}"/],
    ['a variable without name', 1, 'k = ${}', /no name/],
    ['a fallback without name', 1, 'k = ${:-x}', /no name/],
    ['a variable in a section name', 1, '[${HOME}]', /variables are for values/],
    ['a variable in a key', 1, '${HOME} = 1', /variables are for values/],
    ['a variable in brackets', 1, 'k["${HOME}"] = 1', /variables are for values/],
    ['a group where a value is', 2, 'a = 1\na.b = 2', /"a" to be a group, but line 1 gave it a value/],
    ['a value where a group is', 3, '\na.b = 2\na = 1', /"a" gets a value here, but line 2 made it a group/],
    ['a section where a value is', 4, '[a]\nb = 1\n\n[a.b]', /"b" to be a group, but line 2/],
    ['a list where a value is', 2, 'a = 1\na[] = 2', /line 1 gave it a value/],
    ['a value where a list is', 2, 'a[] = 1\na = 2', /line 1 made it a group/],
    ['too many levels', 1, `${'a.'.repeat(40)}a = 1`, /deeper than 32/],
    ['NUL characters', 1, 'a\0=\0', /NUL.*UTF-8/],
    ['__proto__ as section', 1, '[__proto__]', /"__proto__" is refused/],
    ['__proto__ as quoted section', 1, '["__proto__"]', /"__proto__" is refused/],
    ['__proto__ within a section name', 1, '[a.__proto__.b]', /"__proto__" is refused/],
    ['__proto__ as key', 2, '[s]\n__proto__ = 1', /"__proto__" is refused/],
    ['__proto__ within a key', 1, 'a.__proto__.b = 1', /"__proto__" is refused/],
    ['__proto__ in brackets', 1, 'a[__proto__] = 1', /"__proto__" is refused/],
    ['__proto__ in quoted brackets', 1, 'a["__proto__"] = 1', /"__proto__" is refused/],
  ])('%s', (_, line, text, message) => {
    const error = failureOf(text)
    expect(error).toMatchObject({ code: 'SD_INI_SYNTAX', file: '/etc/app.ini', line })
    expect(error.message).toMatch(message)
    expect(error.message.startsWith(`/etc/app.ini, line ${line}: `)).toBe(true)
  })

  test('the message shows the line, short and without control characters', () => {
    expect(failureOf('\t de\x1b[31mbug').message).toMatch(/The line: de\\x1b\[31mbug$/)
    expect(failureOf('x'.repeat(10_000)).message.length).toBeLessThan(600)
  })

  test('text without a file is named as such', () => {
    expect(() => parseIni('x')).toThrow(/^INI text, line 1: /)
  })
})

describe('a quoted value that takes in what looks like a setting', () => {
  test.each<[string, string, number]>([
    ['a Windows path before a comment in quotes', '[p]\ni = "C:\\in\\"\no = "; not used"\n[n]\nx = 1', 2],
    ['a Windows path before another', '[p]\ni = "C:\\in\\"\no = "D:\\out"', 2],
    ['a Windows path before a section', 'i = "C:\\in\\"\n[next]\n; of 5"', 1],
    ['a Windows path, and no other quote', 'a = 1\ni = "C:\\in\\" ; in', 2],
    ['a list', 'i = "C:\\in\\"\nk[] = 1\n; of 5"', 1],
    ['a quote that was forgotten', 'a = "1\nb = 2\nc = ""', 1],
    ['a single quote that was forgotten', "a = '1\nb = 2\nc = '; x'", 1],
  ])('%s: the error names the line where it opens', (_, text, line) => {
    expect(failureOf(text)).toMatchObject({ code: 'SD_INI_SYNTAX', line })
  })

  test.each<[string, string, unknown]>([
    ['a backslash that is written twice ends the path', 'i = "C:\\\\in\\\\"\nx = 1', { i: 'C:\\in\\', x: 1 }],
    ['single quotes take a path as it is', "i = 'C:\\in\\'\nx = 1", { i: 'C:\\in\\', x: 1 }],
    ['single quotes take such lines', "q = 'where\nid = 1\n[a]'", { q: 'where\nid = 1\n[a]' }],
    ['other lines are text', 'q = "select a\nwhere a = 1"', { q: 'select a\nwhere a = 1' }],
  ])('%s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected)
  })
})

describe('names that objects have by birth', () => {
  test('are data, and nothing is inherited', () => {
    const settings = parseIni('[constructor]\ntoString = 1\n[hasOwnProperty]\nvalueOf.then = 2\nk[x] = 3')
    expect(Object.keys(settings)).toEqual(['constructor', 'hasOwnProperty'])
    expect(readSetting(settings, 'constructor', 'toString')).toBe(1)
    const paths = [
      [],
      ['constructor'],
      ['hasOwnProperty'],
      ['hasOwnProperty', 'valueOf'],
      ['hasOwnProperty', 'k'],
    ]
    for (const path of paths) {
      const map = readSetting(settings, ...path)
      expect(Object.getPrototypeOf(map)).toBe(null)
    }
  })
})

describe('random text', () => {
  const pieces = [
    ...'[]="\'\\;#$.{}\n\r\0 \t\uFEFFaé7-',
    '${',
    ':-',
    '__proto__',
    'constructor',
    'prototype',
    '[a]\n',
    'k[] = ',
    'a.b = ',
    'yes',
    '"""',
  ]

  test('parses or fails with SD_INI_SYNTAX, and pollutes nothing', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const random = makeRandom(20_260_101)
    let parsed = 0
    for (let round = 0; round < 20_000; round++) {
      const length = 1 + Math.floor(random() * 30)
      const text = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join('')
      try {
        expectClean(parseIni(text, { env }))
        parsed++
      } catch (error) {
        if (!(error instanceof SdError) || error.code !== 'SD_INI_SYNTAX') {
          throw new Error(`Seeded text ${JSON.stringify(text)} broke the parser`, { cause: error })
        }
      }
    }
    expect(parsed).toBeGreaterThan(200)
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })

  test('bytes of any kind do not break it', () => {
    const random = makeRandom(7)
    for (let round = 0; round < 2_000; round++) {
      const bytes = Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256)))
      for (const encoding of ['latin1', 'utf8'] as const) {
        try {
          expectClean(parseIni(bytes.toString(encoding).replaceAll('\0', ''), { env }))
        } catch (error) {
          expect(error).toMatchObject({ code: 'SD_INI_SYNTAX' })
        }
      }
    }
  })

  test.each<[string, string]>([
    ['blanks before a missing "="', `k${' '.repeat(300_000)}x`],
    ['open brackets', `k${'['.repeat(300_000)}=`],
    ['open variables', `k=${'${'.repeat(300_000)}`],
    ['variables', `k=${'${A}'.repeat(100_000)}`],
    ['backslashes', `k="${'\\'.repeat(300_000)}`],
    ['lines in an open quote', `k="${'\n'.repeat(300_000)}`],
    ['digits', `k=${'1'.repeat(300_000)}`],
    ['dots', `${'a.'.repeat(300_000)}=1`],
    ['hashes', `k=${'1 #'.repeat(100_000)}`],
    ['list items', 'k[]=1\n'.repeat(100_000)],
    ['sections', Array.from({ length: 50_000 }, (_, index) => `[s${index}]\n`).join('')],
  ])('a flood of %s does not take a time that grows with its square', (_, text) => {
    const start = performance.now()
    try {
      parseIni(text, { env })
    } catch (error) {
      expect(error).toMatchObject({ code: 'SD_INI_SYNTAX' })
    }
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})

/** Every object without prototype, every value a setting. */
function expectClean(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) expectClean(item)
  } else if (typeof value === 'object' && value !== null) {
    if (Object.getPrototypeOf(value) !== null) throw new Error('An object has a prototype')
    if (Object.hasOwn(value, '__proto__')) throw new Error('A key is named __proto__')
    for (const item of Object.values(value)) expectClean(item)
  } else if (!['string', 'number', 'boolean'].includes(typeof value) && value !== null) {
    throw new Error(`Not a setting: ${String(value)}`)
  }
}

/** mulberry32: the same numbers on every run. */
function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
