import { describe, expect, jest, test } from '@jest/globals'
import type { Framing } from '@sd/server'
import { LengthFraming } from '../src/framing/length-framing.ts'
import { LineFraming } from '../src/framing/line-framing.ts'
import { RawFraming } from '../src/framing/raw-framing.ts'

/** All messages of the given chunks, as text. */
function cut(framing: Framing, chunks: readonly (string | Buffer)[]): string[] {
  const messages: string[] = []
  for (const chunk of chunks) {
    framing.push(Buffer.from(chunk as string))
    while (framing.pending) {
      const message = framing.next()
      if (message) messages.push(message.toString())
    }
  }
  return messages
}

/** Pieces of random lengths, by a generator with a seed, so that a failure can be repeated. */
function cutRandomly(bytes: Buffer, seed: number): Buffer[] {
  let state = seed
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    const length = 1 + ((state >> 8) % (seed % 3 === 0 ? 3 : 40))
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

describe('lines', () => {
  test('end with a line feed, with or without a carriage return, which stay out', () => {
    const framing = new LineFraming('\n', 100)
    expect(cut(framing, ['one\ntwo\r\n\n\rth', 'ree\r', '\nfour'])).toEqual(['one', 'two', '', '\rthree'])
    expect(cut(framing, ['\n'])).toEqual(['four'])
  })

  test.each(['\n', '\r\n', '--end--', '\0', '€'])(
    'come whole with delimiter %j however they are cut',
    (delimiter) => {
      const lines = Array.from({ length: 60 }, (_, index) => 'grüße 👋 -- \r x'.repeat(index % 7) + index)
      const bytes = Buffer.from(lines.map((line) => line + delimiter).join(''))
      for (let seed = 1; seed <= 200; seed++) {
        expect(cut(new LineFraming(delimiter, 1000), cutRandomly(bytes, seed))).toEqual(lines)
      }
    },
  )

  test('may have maxInput bytes, not one more', () => {
    for (const [delimiter, end] of [
      ['\n', '\n'],
      ['\n', '\r\n'],
      ['--', '--'],
    ] as const) {
      const whole = `${'x'.repeat(10)}${end}`
      expect(cut(new LineFraming(delimiter, 10), [whole])).toEqual(['x'.repeat(10)])
      expect(cut(new LineFraming(delimiter, 10), [...whole])).toEqual(['x'.repeat(10)])
      const tooLong = expect.objectContaining({ code: 'SD_SERVER_INPUT', maxInput: 10 })
      expect(() => cut(new LineFraming(delimiter, 10), [`x${whole}`])).toThrow(tooLong as never)
      expect(() => cut(new LineFraming(delimiter, 10), [...`x${whole}`])).toThrow(tooLong as never)
      expect(() => cut(new LineFraming(delimiter, 10), ['x'.repeat(13)])).toThrow(tooLong as never)
    }
  })

  test('that arrive byte by byte are copied a few times, however long they are', () => {
    const length = 200_000
    const allocate = jest.spyOn(Buffer, 'allocUnsafeSlow')
    try {
      const framing = new LineFraming('\n', 10_000_000)
      const byte = Buffer.from('x')
      for (let index = 0; index < length; index++) {
        framing.push(byte)
        framing.next()
      }
      const allocated = allocate.mock.calls.reduce((sum, [size]) => sum + size, 0)
      expect(allocated).toBeGreaterThanOrEqual(length)
      expect(allocated).toBeLessThan(5 * length)
    } finally {
      allocate.mockRestore()
    }
  })

  test('are sent with their delimiter, once', () => {
    const framing = new LineFraming('\r\n', 10)
    expect(framing.encode('a')).toBe('a\r\n')
    expect(framing.encode('a\r\n')).toBe('a\r\n')
    expect(framing.encode(new Uint8Array([97]))).toEqual(Buffer.from('a\r\n'))
    expect(framing.encode(Buffer.from('a\r\n'))).toEqual(Buffer.from('a\r\n'))
  })
})

describe('messages with a length', () => {
  test.each([1, 2, 4] as const)('of %d bytes come whole however they are cut', (width) => {
    const messages = Array.from({ length: 40 }, (_, index) => '€\n\0'.repeat(index))
    const framing = new LengthFraming(width, 1000)
    const bytes = Buffer.concat(messages.map((message) => Buffer.from(framing.encode(message))))
    for (let seed = 1; seed <= 100; seed++) {
      expect(cut(new LengthFraming(width, 1000), cutRandomly(bytes, seed))).toEqual(messages)
    }
  })

  test('that promise too much are refused at once', () => {
    expect(() => cut(new LengthFraming(4, 1000), [Buffer.from([0xff, 0xff, 0xff, 0xff])])).toThrow(
      /more than 1000 bytes/,
    )
  })

  test('that do not fit their length are not sent', () => {
    expect(() => new LengthFraming(1, 1000).encode('x'.repeat(256))).toThrow(/256 bytes.*1 bytes.*255/)
  })
})

test('raw pieces are as they come', () => {
  expect(cut(new RawFraming(10), ['ab', 'c\n'])).toEqual(['ab', 'c\n'])
  expect(() => cut(new RawFraming(2), ['abc'])).toThrow(/more than 2 bytes/)
})
