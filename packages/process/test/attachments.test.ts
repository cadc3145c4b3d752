import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readdirSync, readlinkSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { makeOwnedDirectory } from '@sd/testing'
import { Outbox } from '../src/channel/outbox.ts'
import { createStage, type Stage } from './managers.ts'

const KIB = 1024
const MIB = 1024 * 1024

describe('binary data of any size and type', () => {
  let stage: Stage

  beforeEach(() => {
    stage = createStage()
  })

  afterEach(() => stage.clear())

  /** Sends values to a child that sends them back. */
  async function echo(values: readonly unknown[]): Promise<unknown[]> {
    const answers: unknown[] = []
    const all = Promise.withResolvers<unknown[]>()
    const onMessage = (message: unknown): void => {
      answers.push(message)
      if (answers.length === values.length) all.resolve(answers)
    }
    const child = stage.manager.spawn(stage.spec('echo', { onMessage }))
    await child.ready
    for (const value of values) expect(child.send(value)).toBe(true)
    return all.promise
  }

  function fill<View extends NodeJS.ArrayBufferView>(view: View): View {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    bytes.set(Buffer.alloc(bytes.length, 'no two neighbours are alike'))
    return view
  }

  /** What is in a value, its binary data as checksums. */
  function contents(value: unknown): unknown {
    if (ArrayBuffer.isView(value)) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      return `${value.byteLength} bytes, ${createHash('sha1').update(bytes).digest('hex')}`
    }
    return typeof value === 'object' && value !== null ? Object.values(value).flat().map(contents) : value
  }

  test.each([8, 32 * KIB, 200 * KIB, MIB])('arrives as it was sent: %i bytes', async (length) => {
    const values = [
      fill(Buffer.alloc(length)),
      fill(new Uint8Array(length)),
      fill(new Float64Array(length / 8)),
      fill(new BigInt64Array(length / 8)),
      fill(new Int16Array(length / 2)),
      fill(new DataView(new ArrayBuffer(length))),
      { deep: [fill(new Uint8ClampedArray(length)), 'text', fill(new Uint32Array(length / 4))] },
      fill(new Uint8Array(new ArrayBuffer(length + 24), 16, length)),
    ]
    const answers = await echo(values)
    expect(answers.map(contents)).toEqual(values.map(contents))
    expect(answers.map((answer) => Object.prototype.toString.call(answer))).toEqual(
      values.map((value) => Object.prototype.toString.call(value)),
    )
    expect(Buffer.isBuffer(answers[0])).toBe(true)
    expect(Buffer.isBuffer(answers[1])).toBe(false)
    expect((answers[7] as Uint8Array).buffer.byteLength).toBe(length)
  })

  test('is what it was when it was sent, even when it is changed right behind', async () => {
    const buffer = Buffer.alloc(2 * MIB, 'a')
    const answers: Buffer[] = []
    const done = Promise.withResolvers<void>()
    const child = stage.manager.spawn(
      stage.spec('echo', {
        onMessage(message) {
          answers.push(message as Buffer)
          if (answers.length === 40) done.resolve()
        },
      }),
    )
    await child.ready
    // More than the shared memory takes: the rest goes through the socket.
    for (let turn = 0; turn < 40; turn++) {
      buffer.fill(turn)
      child.send(buffer)
    }
    buffer.fill('z')
    await done.promise
    expect(answers.map((answer, turn) => answer.equals(Buffer.alloc(2 * MIB, turn)))).toEqual(
      new Array(40).fill(true),
    )
  })

  test('may be larger than all shared memory', async () => {
    const large = fill(Buffer.alloc(70 * MIB))
    const [answer] = (await echo([large])) as [Buffer]
    expect(answer.equals(large)).toBe(true)
  })

  test('beyond the limit is refused, and nothing of it is sent', async () => {
    const child = stage.manager.spawn(stage.spec('echo'))
    await child.ready
    const halves = [Buffer.alloc(130 * MIB), Buffer.alloc(130 * MIB)]
    expect(() => child.send(halves)).toThrow(
      expect.objectContaining({ code: 'SD_PROCESS_MESSAGE_TOO_LARGE' }),
    )
    expect(child.buffered).toBe(0)
  })

  test('leaves no file behind, and no descriptor open', async () => {
    const own = (): string[] =>
      readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith('/dev/shm/sd-')
        } catch {
          return false
        }
      })
    const before = own().length
    await echo([fill(Buffer.alloc(MIB))])
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith(`sd-${process.pid}-`))).toEqual([])
    expect(own()).toHaveLength(before + 2)
    await stage.manager.close()
    expect(own()).toHaveLength(before)
  })
})

describe('the outbox', () => {
  let directory: string
  let fd: number

  beforeEach(() => {
    directory = makeOwnedDirectory()
    fd = openSync(join(directory, 'file'), 'w+')
  })

  afterEach(() => {
    closeSync(fd)
    rmSync(directory, { recursive: true })
  })

  const read = (place: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length)
    readSync(fd, bytes, 0, length, place)
    return bytes
  }

  test('keeps what it was given apart until it is released, and then uses the place again', () => {
    const outbox = new Outbox(fd)
    const places = ['a', 'b', 'c'].map((letter) => outbox.put(Buffer.alloc(100 * KIB, letter))!)
    expect(new Set(places).size).toBe(3)
    for (const [index, place] of places.entries()) {
      expect(read(place, 100 * KIB).equals(Buffer.alloc(100 * KIB, 'abc'[index]))).toBe(true)
    }
    outbox.release(places[1]!)
    expect(outbox.put(Buffer.alloc(90 * KIB))).toBe(places[1])
  })

  test('has room for 32 MiB, and none for more', () => {
    const outbox = new Outbox(fd)
    const mebibyte = Buffer.alloc(MIB)
    const places = Array.from({ length: 33 }, () => outbox.put(mebibyte))
    expect(places.filter((place) => place !== undefined)).toHaveLength(32)
    expect(outbox.put(Buffer.alloc(40 * MIB))).toBeUndefined()
  })

  test('gives memory back when all was released, and can be used in other pieces', () => {
    const outbox = new Outbox(fd)
    const places = Array.from({ length: 20 }, () => outbox.put(Buffer.alloc(MIB, 'x'))!)
    for (const place of places) outbox.release(place)
    expect(fstatSync(fd).size).toBe(8 * MIB)
    expect(outbox.put(Buffer.alloc(30 * MIB))).toBe(0)
  })

  test('ignores the release of what is not in use', () => {
    const outbox = new Outbox(fd)
    const place = outbox.put(Buffer.alloc(KIB))!
    for (const wrong of [place + 1, -1, Number.NaN]) outbox.release(wrong)
    expect(outbox.put(Buffer.alloc(KIB))).not.toBe(place)
  })

  test('refuses when nothing can be written', () => {
    const readOnly = openSync(join(directory, 'file'), 'r')
    expect(new Outbox(readOnly).put(Buffer.alloc(KIB))).toBeUndefined()
    closeSync(readOnly)
  })
})
