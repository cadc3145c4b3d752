import { expect, test } from '@jest/globals'
import { LineSplitter } from '../src/line-splitter.ts'
import { OutputTail } from '../src/output-tail.ts'

function split(...chunks: Buffer[]): string[] {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => lines.push(line))
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return lines
}

test('lines and characters that come in pieces are put together', () => {
  const bytes = Buffer.from('für\r\nzwei\n\nEnde €')
  expect(split(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual(['für', 'zwei', '', 'Ende €'])
})

test('a line that does not end is passed on in pieces of bounded length', () => {
  const lines = split(...Array.from({ length: 300 }, () => Buffer.alloc(1000, 'x')))
  expect(lines.join('')).toHaveLength(300_000)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(70_000)
})

test('the tail of the output has 4 KB and begins with a whole character', () => {
  const tail = new OutputTail()
  tail.push(Buffer.from('forgotten'))
  for (let part = 0; part < 1000; part++) tail.push(Buffer.from('€uro '))
  expect(Buffer.byteLength(tail.toString())).toBeGreaterThan(4090)
  expect(Buffer.byteLength(tail.toString())).toBeLessThanOrEqual(4096)
  expect(tail.toString()).not.toMatch(/forgotten|\uFFFD/)
})
