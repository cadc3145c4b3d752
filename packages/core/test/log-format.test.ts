import { describe, expect, test } from '@jest/globals'
import { formatRecord, LOG_HEADER } from '../src/log/format-record.ts'
import type { LogRecord } from '../src/log/log-record.ts'

const time = new Date(2026, 0, 31, 18, 4, 6, 42)
const format = (message: string, more: Partial<LogRecord> = {}): string =>
  formatRecord({ time, pid: 1234, label: 'poller', level: 'info', message, ...more })

describe('a line of the log', () => {
  test('has the columns Date, PID, Label and Message, under the header', () => {
    expect(LOG_HEADER).toBe('Date                     PID     Label            Message\n')
    expect(format('hello')).toBe('2026-01-31 18:04:06.042  1234    poller           hello\n')
  })

  test('aligns the lines of a message under the first', () => {
    const indent = ' '.repeat(LOG_HEADER.indexOf('Message'))
    expect(format('one\ntwo\r\n  three\n')).toBe(
      `2026-01-31 18:04:06.042  1234    poller           one\n${indent}two\n${indent}  three\n${indent}\n`,
    )
  })

  test('is pushed to the right by a longer label or pid, not cut', () => {
    const [first, second] = format('one\ntwo', { label: 'a-very-long-label-indeed', pid: 12345678 }).split(
      '\n',
    )
    expect(first).toBe('2026-01-31 18:04:06.042  12345678 a-very-long-label-indeed one')
    expect(second!.indexOf('two')).toBe(first!.indexOf('one'))
  })

  test('shows control characters instead of obeying them', () => {
    expect(format('\u001b[31mred\u001b[0m\u0000\rx\u007f\u0085\u2028')).toContain(
      '\\x1b[31mred\\x1b[0m\\x00\\x0dx\\x7f\\x85\\u2028\n',
    )
    expect(format('a\tb – ü 漢')).toContain('a\tb – ü 漢\n')
  })

  test('cannot be forged by a label with a line break', () => {
    expect(format('x', { label: 'a\n2026' }).split('\n')).toHaveLength(2)
    expect(format('x', { label: 'a\n2026' })).toContain('a\\x0a2026')
  })
})
