import { describe, expect, test } from '@jest/globals'
import { formatNumber } from '../src/report/format-number.ts'
import { median, percentile, spread } from '../src/report/median.ts'
import { formatMarkdown, formatText, type Table } from '../src/report/table.ts'
import { replaceReport } from '../src/report/write-markdown.ts'
import { kilobyteObject } from '../src/workloads/kilobyte-object.ts'

describe('numbers', () => {
  test('the median is the middle one, or lies between the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })

  test('a percentile is one of the values', () => {
    const values = Array.from({ length: 100 }, (_, n) => 100 - n)
    expect(percentile(values, 0.5)).toBe(50)
    expect(percentile(values, 0.99)).toBe(99)
    expect(percentile([7], 0.99)).toBe(7)
  })

  test('the spread is half the range, as a share of the median', () => {
    expect(spread([90, 100, 110])).toBeCloseTo(0.1)
    expect(spread([5])).toBe(0)
  })

  test('a person reads three digits that count', () => {
    expect([1_234_567, 123.4, 12.34, 1.234, 0.1234, 0, -26.71].map(formatNumber)).toEqual([
      '1,234,567',
      '123',
      '12.3',
      '1.23',
      '0.123',
      '0',
      '-26.7',
    ])
    expect(formatNumber(undefined)).toBe('–')
  })

  test('an object of 1 KB is one', () => {
    const { length } = JSON.stringify(kilobyteObject)
    expect(length).toBeGreaterThan(950)
    expect(length).toBeLessThan(1075)
  })
})

describe('tables', () => {
  const table: Table = {
    title: 'Speed',
    head: ['', 'calls/s'],
    rows: [
      ['ours', '12'],
      ['a peer', '7'],
    ],
  }

  test('in a terminal numbers stand below each other', () => {
    expect(formatText(table)).toBe('Speed\n\n        calls/s\nours         12\na peer        7')
  })

  test('in Markdown they are a table', () => {
    expect(formatMarkdown(table).split('\n').slice(2)).toEqual([
      '|        | calls/s |',
      '| ------ | ------: |',
      '| ours   |      12 |',
      '| a peer |       7 |',
    ])
  })

  test('a report replaces what stands between the markers', () => {
    const document = 'above\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nbelow\n'
    const replaced = 'above\n<!-- bench: begin -->\n\nnew\n\n<!-- bench: end -->\nbelow\n'
    expect(replaceReport(document, 'new')).toBe(replaced)
    expect(replaceReport(replaced, 'new')).toBe(replaced)
    expect(replaceReport('no markers', 'new')).toBe('new\n')
  })
})
