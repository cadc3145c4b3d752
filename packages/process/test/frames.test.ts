import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import { FrameDecoder } from '../src/channel/frame-decoder.ts'
import { encodeFrame } from '../src/channel/frame-encoder.ts'
import { readFrames } from '../src/channel/frame-reader.ts'
import { FrameWriter } from '../src/channel/frame-writer.ts'
import { decodeMessage } from '../src/channel/message-codec.ts'

const MESSAGES = ['a', { b: [1, 2] }, 'x'.repeat(1000), undefined, null]

test.each([1, 2, 3, 4, 5, 7, 64, 999, 100_000])('frames survive chunks of %i bytes', (size) => {
  const bytes = Buffer.concat(MESSAGES.map((message) => encodeFrame('message', message)))
  const decoder = new FrameDecoder()
  const decoded: unknown[] = []
  for (let start = 0; start < bytes.length; start += size) {
    const frames = decoder.push(Buffer.from(bytes.subarray(start, start + size)))
    decoded.push(...frames.map(({ payload }) => decodeMessage(payload)))
  }
  expect(decoded).toEqual(MESSAGES)
  expect(decoder.fault).toBeUndefined()
})

test('a large message in small chunks is one message, and is not copied anew for each of them', () => {
  const frame = encodeFrame('message', Buffer.alloc(64 * 1024 * 1024))
  const decoder = new FrameDecoder()
  let frames = 0
  for (let start = 0; start < frame.length; start += 4096) {
    frames += decoder.push(frame.subarray(start, start + 4096)).length
  }
  expect(frames).toBe(1)
})

test('the frames before nonsense are decoded, nothing after it is', () => {
  const decoder = new FrameDecoder()
  const bytes = Buffer.concat([encodeFrame('ready'), Buffer.from('hello world')])
  expect(decoder.push(bytes).map(({ kind }) => kind)).toEqual(['ready'])
  expect(decoder.fault?.message).toMatch(/68656c6c6f/)
  expect(decoder.push(encodeFrame('ready'))).toEqual([])
})

test.each([
  ['a length of zero', [0, 0, 0, 0, 0]],
  ['an unknown kind', [0, 0, 0, 1, 99]],
])('%s is a fault', (_, bytes) => {
  const decoder = new FrameDecoder()
  decoder.push(Buffer.from(bytes))
  expect(decoder.fault).toBeDefined()
})

test('a message that cannot be decoded is reported once', () => {
  const stream = new PassThrough()
  const faults: Error[] = []
  readFrames(stream, {
    onFrame: () => {},
    onTaken: () => {},
    onReleased: () => {},
    onNonsense: (error) => faults.push(error),
  })
  stream.emit('data', Buffer.from([0, 0, 0, 3, 0, 1, 2]))
  stream.emit('data', Buffer.from([0, 0, 0, 3, 0, 1, 2]))
  expect(faults).toHaveLength(1)
})

test('a message beyond the limit is refused', () => {
  expect(() => encodeFrame('message', Buffer.alloc(256 * 1024 * 1024))).toThrow(
    expect.objectContaining({ code: 'SD_PROCESS_MESSAGE_TOO_LARGE' }),
  )
})

test('the frames of one turn travel in one write, large ones alone, and all in order', async () => {
  const writes: Buffer[] = []
  const stream = new PassThrough()
  stream.on('data', (chunk) => writes.push(chunk))
  const writer = new FrameWriter(stream)
  const large = encodeFrame('message', Buffer.alloc(100_000))
  const small = encodeFrame('ready')
  for (const frame of [small, small, large, small]) expect(writer.write(frame)).toBe(true)
  await new Promise((resolve) => setImmediate(resolve))
  expect(writes.map(({ length }) => length)).toEqual([2 * small.length, large.length, small.length])
})

test('a writer whose stream has ended says so', () => {
  const stream = new PassThrough()
  stream.end()
  expect(new FrameWriter(stream).write(encodeFrame('ready'))).toBe(false)
})
