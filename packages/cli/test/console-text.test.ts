import { describe, expect, test } from '@jest/globals'
import { parseAddress } from '../src/connect/parse-address.ts'
import { ReceivedText } from '../src/connect/received-text.ts'
import { completeWord } from '../src/line-console/complete-word.ts'
import { Pager } from '../src/line-console/pager.ts'
import { repeatLine } from '../src/line-console/repeat-line.ts'
import { shareRows } from '../src/screen/share-rows.ts'
import { formatShortValue, valueAsJson } from '../src/shm/format-value.ts'
import { loadShm } from '../src/shm/load-shm.ts'
import { formatKey, readKey } from '../src/shm/segment-key-text.ts'
import { findSignal, signalNames } from '../src/signals/find-signal.ts'
import { cutText, displayWidth, fitText } from '../src/text/display-width.ts'

describe('text of a stranger', () => {
  test('is cut by the columns that it takes, and never in the middle of a character', () => {
    expect(
      ['abc', 'héllo', '日本', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', 'e\u0301'].map(displayWidth),
    ).toEqual([3, 5, 4, 2, 1])
    expect(cutText('abcdef', 6)).toBe('abcdef')
    expect(cutText('abcdef', 5)).toBe('abcd…')
    expect(cutText('日本語', 4)).toBe('日…')
    expect(cutText('abc', 0)).toBe('')
    expect(fitText('日本', 6)).toBe('日本  ')
    expect(fitText('7', 3, 'right')).toBe('  7')
  })
})

test('rows are shared fairly', () => {
  expect(shareRows([2, 3], 10)).toEqual([2, 3])
  expect(shareRows([100, 2, 100], 12)).toEqual([5, 2, 5])
  expect(shareRows([9, 9, 9], 2)).toEqual([1, 1, 0])
  expect(shareRows([9], -3)).toEqual([0])
  expect(shareRows([], 5)).toEqual([])
})

test('addresses are understood, or refused with what to write', () => {
  expect(parseAddress('localhost:80')).toEqual({ host: 'localhost', port: 80 })
  expect(parseAddress('[::1]:80')).toEqual({ host: '::1', port: 80 })
  expect(parseAddress(':8080')).toEqual({ host: 'localhost', port: 8080 })
  expect(parseAddress('8080')).toEqual({ host: 'localhost', port: 8080 })
  expect(parseAddress('/run/a:80')).toEqual({ path: '/run/a:80' })
  expect(parseAddress('a.sock')).toEqual({ path: 'a.sock' })
  expect(parseAddress('unix:a')).toEqual({ path: 'a' })
  for (const wrong of [
    '',
    'unix:',
    '::1:80',
    'a:b',
    'a:0',
    'a:65536',
    'a:',
    '[::1]',
    '0',
    '70000',
    'a:80:90',
  ]) {
    expect(() => parseAddress(wrong)).toThrow(/is no address: .* Write HOST:PORT/)
  }
})

test('what is received becomes lines, wherever it is cut', () => {
  const text = new ReceivedText()
  const bytes = Buffer.from('one\r\ntwö\n\nrest')
  const lines = [...bytes].flatMap((byte) => text.push(Buffer.of(byte)))
  expect(lines).toEqual(['one', 'twö', ''])
  expect(text.takeRest()).toBe('rest')
  expect(text.takeRest()).toBeUndefined()
  expect(text.push(Buffer.alloc(200_000, 'x')).join('').length).toBe(200_000)
})

test('!! is the line before', () => {
  expect(repeatLine('!!', 'HUP')).toBe('HUP')
  expect(repeatLine('!! now', 'go')).toBe('go now')
  expect(repeatLine('a !!', 'HUP')).toBe('a !!')
  expect(() => repeatLine('!!', undefined)).toThrow(/nothing to repeat yet/)
})

test('the last word is completed, whatever its case; a failure completes nothing', async () => {
  expect(await completeWord('pid wa', () => ['watched', 'other'])).toEqual([['watched'], 'wa'])
  expect(await completeWord('hu', () => ['HUP'])).toEqual([['HUP'], 'hu'])
  expect(await completeWord('x', () => Promise.reject(new Error('away')))).toEqual([[], 'x'])
  expect(await completeWord('x', undefined)).toEqual([[], 'x'])
})

test('a pager asks for no more lines than are looked at', () => {
  let asked = 0
  function* lines(): Generator<string> {
    for (let n = 0; n < 1000; n++) {
      asked++
      yield `line ${n}`
    }
  }
  const printed: string[] = []
  let hasEnded = false
  const pager = new Pager(lines(), {
    rows: () => 12,
    print: (text) => printed.push(...text.split('\n')),
    onEnd: () => {
      hasEnded = true
    },
  })
  pager.next()
  pager.next()
  expect(printed).toHaveLength(20)
  expect(asked).toBe(21)
  pager.end()
  expect(hasEnded).toBe(true)
})

test('signals have names in any case, and numbers', () => {
  for (const text of ['HUP', 'hup', 'sighup', 'SIGHUP', '1']) expect(findSignal(text)).toBe('SIGHUP')
  for (const text of ['', '0', '999', 'SIG', 'constructor', '-1', '1.0'])
    expect(findSignal(text)).toBeUndefined()
  expect(signalNames()).toEqual(expect.arrayContaining(['ABRT', 'IO', 'KILL']))
  expect(new Set(signalNames()).size).toBe(signalNames().length)
})

describe('a value', () => {
  const value = { map: new Map([[1, 2n]]), text: '\x1b[2J', list: [1, 2] }

  test('is shown as a whole or by its beginning', () => {
    expect(formatShortValue(value)).toBe("{ map: Map(1) { 1 => 2n }, text: '\\x1B[2J', list: [ 1, 2 ] }")
    const error = Object.assign(new Error('\x1b[2J'), { stack: 'Error: \x1b[2J\n    at nowhere' })
    expect(formatShortValue({ error })).not.toContain('\n')
    expect(formatShortValue('x'.repeat(500)).length).toBeLessThan(300)
  })

  test('is JSON where JSON is as faithful, and text elsewhere', () => {
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    for (const plain of [1, 'a', null, true, [], { a: [{}] }])
      expect(valueAsJson(plain)).toEqual({ value: plain })
    for (const other of [
      1n,
      new Date(0),
      Number.NaN,
      -0,
      cyclic,
      { a: undefined },
      Array(2),
      Buffer.from('a'),
      new Map(),
    ]) {
      expect(valueAsJson(other)).toEqual({ text: expect.any(String) })
    }
  })

  test('has a key that can be typed', () => {
    for (const key of ['plain', 'two words', 'a"b', 'line\nbreak', '日本']) {
      expect(readKey(formatKey(key))).toBe(key)
    }
    expect(() => readKey('"half')).toThrow(/is no JSON string/)
  })
})

test('without @sd/shm one is told how to install it; a damaged installation is another matter', async () => {
  const fail = (message: string, code?: string) => () =>
    Promise.reject(Object.assign(new Error(message), { code }))
  await expect(
    loadShm(fail("Cannot find package '@sd/shm' imported from x", 'ERR_MODULE_NOT_FOUND')),
  ).rejects.toThrow(/npm install @sd\/shm/)
  await expect(loadShm(fail("Cannot find package 'lmdb'", 'ERR_MODULE_NOT_FOUND'))).rejects.toThrow(/'lmdb'/)
  await expect(loadShm(fail('broken'))).rejects.toThrow('broken')
})
