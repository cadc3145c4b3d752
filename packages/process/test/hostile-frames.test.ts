import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import { writeAttachmentList } from '../src/channel/attachment-list.ts'
import { FRAME_KINDS, HEADER_LENGTH, LONGEST_BATCH, LONGEST_MESSAGE } from '../src/channel/frame.ts'
import { encodeBatch } from '../src/channel/frame-encoder.ts'
import { type FrameReading, readFrames } from '../src/channel/frame-reader.ts'
import { LineSplitter } from '../src/line-splitter.ts'

/** What becomes of bytes that come in one piece. @param onMessage - is given the end of the reading. */
function read(bytes: Buffer, onMessage: (stop: () => void) => void = () => {}) {
  const stream = new EventEmitter() as Readable
  const told = { messages: 0, nonsense: [] as Error[], pauses: 0 }
  stream.resume = () => stream
  stream.pause = () => {
    told.pauses++
    return stream
  }
  let stop = (): void => {}
  const reading: FrameReading = {
    onFrame: () => {
      told.messages++
      onMessage(() => stop())
    },
    onTaken: () => {},
    onReleased: () => {},
    onNonsense: (error) => told.nonsense.push(error),
  }
  stop = readFrames(stream, reading)
  stream.emit('data', bytes)
  return told
}

function attached(entries: Parameters<typeof writeAttachmentList>[0], following = 0): Buffer {
  const list = writeAttachmentList(entries)
  const frame = Buffer.alloc(HEADER_LENGTH + list.length + following)
  frame.writeUInt32BE(list.length + 1, 0)
  frame.writeUInt8(2, 4)
  list.copy(frame, HEADER_LENGTH)
  return frame
}

describe('a frame', () => {
  test('with more messages than anybody sends together is refused before it is decoded', () => {
    const { messages, nonsense } = read(encodeBatch(`${'[],'.repeat(1_000_000)}[]`))
    expect(nonsense).toHaveLength(1)
    expect(messages).toBe(0)
  })

  test('whose first message means nothing has no others', () => {
    const { messages, nonsense } = read(encodeBatch(`${'[],'.repeat(LONGEST_BATCH / 3 - 1)}[]`), (stop) =>
      stop(),
    )
    expect(messages).toBe(1)
    expect(nonsense).toHaveLength(0)
  })

  test('whose messages take their time has the others of the process in between', () => {
    const { pauses } = read(encodeBatch('1,2'), () => {
      for (const end = performance.now() + 20; performance.now() < end; );
    })
    expect(pauses).toBe(1)
  })

  const tiny = { length: 1, place: undefined }
  const shared = { length: 1024 * 1024, place: 0 }
  test.each([
    ['attachments that are too short', attached(Array(200_000).fill(tiny), 200_000)],
    ['one place in the shared file again and again', attached(Array(200).fill(shared))],
    ['more than it may have', attached(Array(9000).fill({ ...tiny, length: 32 * 1024 }))],
  ])('that lists %s is refused', (_, bytes) => {
    const { messages, nonsense } = read(bytes)
    expect(nonsense).toHaveLength(1)
    expect(messages).toBe(0)
  })

  test.each(['batch', 'taken', 'sharing', 'drain', 'ready'] as const)(
    '%s is never as large as a message',
    (kind) => {
      const frame = Buffer.alloc(HEADER_LENGTH)
      frame.writeUInt32BE(LONGEST_MESSAGE, 0)
      frame.writeUInt8(FRAME_KINDS.indexOf(kind), 4)
      expect(read(frame).nonsense).toHaveLength(1)
    },
  )
})

test('lines are passed on some at a time, in order, and none is lost', () => {
  const passed: string[] = []
  const lines = new LineSplitter((line) => passed.push(line))
  const all = Array.from({ length: 3000 }, (_, n) => String(n))
  expect(lines.push(Buffer.from(all.join('\n')))).toBe(false)
  expect(passed.length).toBeLessThan(1000)
  let turns = 0
  while (!lines.proceed()) turns++
  expect(turns).toBeGreaterThan(2)
  lines.end()
  expect(passed).toEqual(all)
})
