import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { listSegments, openSegment, type Segment, type SegmentChange } from '@sd/shm'
import { useSegments } from './segments.ts'

const segments = useSegments()

/** Gives a test a segment, and destroys it. */
async function withSegment(action: (segment: Segment) => Promise<void>, size = 1_048_576): Promise<void> {
  const segment = await openSegment('test', { size })
  try {
    await action(segment)
  } finally {
    await segment.destroy().catch((error) => {
      // The test did that itself.
      if (error.code !== 'SD_SHM_CLOSED') throw error
    })
  }
}

test('values arrive as what they are', () =>
  withSegment(async (segment) => {
    const cyclic: { self?: unknown; list: number[] } = { list: [1, 2, 3] }
    cyclic.self = cyclic
    const values = {
      text: 'héllo \u{1f600} \0',
      number: -0,
      nan: Number.NaN,
      big: 2n ** 80n,
      nothing: null,
      date: new Date(5),
      map: new Map<unknown, unknown>([[{ a: 1 }, new Set([undefined, 1])]]),
      bytes: Buffer.from([0, 255]),
      floats: new Float64Array([1.5, -0]),
      sparse: Array(3),
      error: new TypeError('broken'),
      cyclic,
      empty: Buffer.alloc(0),
      large: 'x'.repeat(300_000),
    }
    for (const [key, value] of Object.entries(values)) await segment.put(key, value)
    for (const [key, value] of Object.entries(values)) expect(segment.get(key)).toEqual(value)
    expect(segment.get('number')).toBe(-0)
    expect((segment.get('map') as Map<unknown, unknown>).size).toBe(1)
    expect(new Map(segment.entries())).toEqual(new Map(Object.entries(values)))
    const bytes = segment.get('bytes') as Buffer
    bytes.fill(7)
    expect(segment.get('bytes')).toEqual(Buffer.from([0, 255]))
  }))

test('who only looks makes nothing', async () => {
  const look = () => openSegment('test', { create: false })
  await expect(look()).rejects.toMatchObject({ code: 'SD_SHM_MISSING', segment: 'test' })
  expect(readdirSync(segments.directory)).toEqual([])
  rmSync(segments.directory, { recursive: true })
  await expect(look()).rejects.toMatchObject({ code: 'SD_SHM_MISSING' })
  expect(existsSync(segments.directory)).toBe(false)
  mkdirSync(segments.directory, { mode: 0o700 })
  await withSegment(async (segment) => {
    await segment.put('a', 1)
    const seen = await look()
    expect(seen.get('a')).toBe(1)
    await seen.close()
    await segment.destroy()
    await expect(look()).rejects.toMatchObject({ code: 'SD_SHM_MISSING' })
  })
})

test('what cannot be stored is refused, and says why', () =>
  withSegment(async (segment) => {
    await expect(segment.put('f', () => {})).rejects.toMatchObject({ code: 'SD_SHM_VALUE', key: 'f' })
    await expect(segment.put('u', undefined)).rejects.toMatchObject({ code: 'SD_SHM_VALUE' })
    for (const key of ['', 'x'.repeat(1979), 'é'.repeat(990), '\ud800', 5, undefined]) {
      await expect(segment.put(key as string, 1)).rejects.toMatchObject({ code: 'SD_SHM_KEY' })
      expect(() => segment.get(key as string)).toThrow(expect.objectContaining({ code: 'SD_SHM_KEY' }))
    }
    await segment.put('x'.repeat(1978), 1)
    expect(segment.keys()).toEqual(['x'.repeat(1978)])
  }))

test('keys are found by prefix, in the order of their bytes, and control characters are characters', () =>
  withSegment(async (segment) => {
    const keys = ['a', 'a.', 'a.1', 'a.\u{10ffff}', 'a.é', 'b', '\x01', '\0', '\x1f']
    await Promise.all(keys.map((key) => segment.put(key, key)))
    expect(segment.keys()).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    expect(segment.keys('a.')).toEqual(['a.', 'a.1', 'a.é', 'a.\u{10ffff}'])
    expect(segment.entries('b')).toEqual([['b', 'b']])
    expect(segment.keys('c')).toEqual([])
  }))

test('a prefix may be as long as a key, and end in any character', () =>
  withSegment(async (segment) => {
    const longest = 'k'.repeat(1978)
    for (const prefix of [longest, `${'k'.repeat(1976)}ÿ`, '\u{10ffff}', 'x\0', '\x7f']) {
      await segment.put(prefix, 1)
      expect(segment.keys(prefix)).toEqual([prefix])
      expect(segment.entries(prefix)).toEqual([[prefix, 1]])
      const changes = segment.watch(prefix)
      await segment.put(prefix, 2)
      expect((await changes.next()).value).toEqual({ type: 'updated', key: prefix, value: 2 })
      await changes.return?.()
    }
    await segment.put('\x7f\u{10ffff}', 3)
    expect(segment.keys('\x7f')).toHaveLength(2)
  }))

test('compareAndSet compares by what is in the values', () =>
  withSegment(async (segment) => {
    expect(await segment.compareAndSet('k', 1, 2)).toBe(false)
    expect(await segment.compareAndSet('k', undefined, { a: 1, b: [new Date(0)] })).toBe(true)
    expect(await segment.compareAndSet('k', undefined, 1)).toBe(false)
    expect(await segment.compareAndSet('k', { b: [new Date(0)], a: 1 }, { n: 1 })).toBe(true)
    // The same number and the same text, represented differently in memory.
    const text = 'aé\u{1f600}'.slice(0, 1)
    expect(await segment.compareAndSet('k', { n: 0.5 + 0.5 }, { text: 'a' })).toBe(true)
    expect(await segment.compareAndSet('k', { text }, 3)).toBe(true)
    expect(await segment.compareAndSet('k', 3, undefined)).toBe(true)
    expect(segment.get('k')).toBeUndefined()
    expect(await segment.compareAndSet('k', undefined, undefined)).toBe(true)
    expect(await segment.delete('k')).toBe(false)
  }))

test('of all who compare and set at the same time one succeeds', () =>
  withSegment(async (segment) => {
    const other = await openSegment('test')
    for (let round = 0; round < 50; round++) {
      const expected = round === 0 ? undefined : round - 1
      const attempts = [segment, other, segment, other].map((one) => one.compareAndSet('k', expected, round))
      expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1)
    }
    await other.close()
  }))

test('watch tells creations, updates and deletions, beginning with what there is if asked', () =>
  withSegment(async (segment) => {
    await segment.put('a.1', 1)
    await segment.put('b', 1)
    const changes = segment.watch('a.', { initial: true })
    const later = segment.watch('a.')
    await segment.put('b', 2)
    const next = async (): Promise<SegmentChange> => (await changes.next()).value
    expect(await next()).toEqual({ type: 'created', key: 'a.1', value: 1 })
    await segment.put('a.1', 2)
    expect(await next()).toEqual({ type: 'updated', key: 'a.1', value: 2 })
    await segment.put('a.2', 1)
    expect(await next()).toEqual({ type: 'created', key: 'a.2', value: 1 })
    await segment.delete('a.1')
    expect(await next()).toEqual({ type: 'deleted', key: 'a.1', value: undefined })
    await changes.return?.()
    // It has not read anything yet: only the last states are left.
    expect((await later.next()).value).toEqual({ type: 'deleted', key: 'a.1', value: undefined })
    expect((await later.next()).value).toEqual({ type: 'created', key: 'a.2', value: 1 })
    await later.return?.()
  }))

test('watching ends with its signal, and when the segment is closed', async () => {
  const segment = await openSegment('test')
  const abort = new AbortController()
  const ends = [segment.watch('', { signal: abort.signal }), segment.watch()].map((changes) => changes.next())
  abort.abort()
  expect(await ends[0]).toEqual({ done: true, value: undefined })
  await segment.close()
  expect(await ends[1]).toEqual({ done: true, value: undefined })
  await (await openSegment('test')).destroy()
})

test('a watcher that is far behind still learns of the last state of every key', () =>
  withSegment(async (segment) => {
    for (let n = 0; n < 50; n++) await segment.put(`old.${n}`, n)
    const changes = segment.watch()
    for (let round = 0; round < 30; round++) {
      for (let n = 0; n < 50; n++) await segment.put(`k.${n}`, round)
    }
    for (let n = 0; n < 25; n++) await segment.delete(`old.${n}`)
    await segment.put('old.30', 'new')
    const told = new Map<string, SegmentChange>()
    for (let n = 0; n < 76; n++) {
      const { value } = await changes.next()
      expect(told.has(value.key)).toBe(false)
      told.set(value.key, value)
    }
    expect(told.get('k.7')).toEqual({ type: 'created', key: 'k.7', value: 29 })
    expect(told.get('old.7')).toEqual({ type: 'deleted', key: 'old.7', value: undefined })
    expect(told.get('old.30')).toEqual({ type: 'updated', key: 'old.30', value: 'new' })
    await changes.return?.()
  }))

test('a full segment says so, keeps all it has, and can be emptied', () =>
  withSegment(async (segment) => {
    let n = 0
    const fill = async (): Promise<never> => {
      for (;;) {
        await segment.put(`k.${n}`, Buffer.alloc(10_000, n))
        n++
      }
    }
    await expect(fill()).rejects.toMatchObject({ code: 'SD_SHM_FULL', segment: 'test', size: 1_048_576 })
    expect(n).toBeGreaterThan(50)
    expect(segment.keys()).toHaveLength(n)
    for (let i = 0; i < n; i++)
      expect(Buffer.compare(segment.get(`k.${i}`) as Buffer, Buffer.alloc(10_000, i))).toBe(0)
    // One of many that are committed together fails alone.
    const results = await Promise.allSettled([
      segment.put('k.0', 'small'),
      segment.put('too large', Buffer.alloc(2_000_000)),
      segment.put('k.1', 'small too'),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(segment.get('k.1')).toBe('small too')
    for (let i = 0; i < n; i++) expect(await segment.delete(`k.${i}`)).toBe(true)
    await segment.put('again', Buffer.alloc(500_000))
    const { peak, used } = segment.statistics()
    expect(used).toBeLessThan(1_048_576)
    expect(peak).toBeLessThan(2 * 1_048_576)
    const larger = await openSegment('test', { size: 4_194_304 })
    await segment.put('much', Buffer.alloc(2_000_000))
    expect(larger.statistics().size).toBe(4_194_304)
    await larger.close()
  }))

test('a segment that is opened, written and closed again and again does not fill', async () => {
  const used = async (rounds: number): Promise<number> => {
    for (let round = 0; round < rounds; round++) {
      const segment = await openSegment('test', { size: 1_048_576 })
      await segment.put('key', round)
      await segment.close()
    }
    const segment = await openSegment('test')
    const { used } = segment.statistics()
    await segment.close()
    return used
  }
  const rounds = process.env.SD_SOAK ? 700 : 200
  const before = await used(rounds)
  expect((await used(rounds)) - before).toBeLessThan(3 * 4096)
  await (await openSegment('test')).destroy()
})

test('a destroyed segment tells all who have it open, and its name is free', () =>
  withSegment(async (segment) => {
    await segment.put('k', 1)
    const other = await openSegment('test')
    const changes = other.watch()
    const next = changes.next()
    await segment.destroy()
    await expect(next).rejects.toMatchObject({ code: 'SD_SHM_DESTROYED', segment: 'test' })
    expect(() => other.get('k')).toThrow(expect.objectContaining({ code: 'SD_SHM_DESTROYED' }))
    expect(() => other.keys()).toThrow(expect.objectContaining({ code: 'SD_SHM_DESTROYED' }))
    await expect(other.put('k', 2)).rejects.toMatchObject({ code: 'SD_SHM_DESTROYED' })
    expect(() => segment.get('k')).toThrow(expect.objectContaining({ code: 'SD_SHM_CLOSED' }))
    expect(await listSegments()).toEqual([])
    const fresh = await openSegment('test')
    expect(fresh.get('k')).toBeUndefined()
    await fresh.put('k', 3)
    await other.destroy()
    expect(fresh.get('k')).toBe(3)
    await fresh.destroy()
  }))

test('a segment that somebody removes by hand is destroyed for all who have it open, and their end leaves the new one alone', async () => {
  const segment = await openSegment('test')
  await segment.put('k', 1)
  const next = segment.watch().next()
  rmSync(segment.directory, { recursive: true })
  await expect(next).rejects.toMatchObject({ code: 'SD_SHM_DESTROYED' })
  await expect(segment.put('k', 2)).rejects.toMatchObject({ code: 'SD_SHM_DESTROYED' })
  await expect(segment.compareAndSet('k', 1, 1)).rejects.toMatchObject({ code: 'SD_SHM_DESTROYED' })
  const fresh = await openSegment('test')
  await fresh.put('k', 3)
  await segment.destroy()
  expect(await listSegments()).toEqual(['test'])
  await fresh.put('k', 4)
  await fresh.destroy()
})

test('names, options and sizes are checked', async () => {
  for (const name of ['', '../x', 'a/b', '.hidden', 'x'.repeat(129), 5]) {
    await expect(openSegment(name as string)).rejects.toMatchObject({ code: 'SD_SHM_NAME', name })
  }
  await expect(openSegment('x', { size: 1000 })).rejects.toMatchObject({ code: 'SD_SHM_OPTIONS' })
  await expect(openSegment('x', { sise: 1 } as object)).rejects.toMatchObject({ code: 'SD_SHM_OPTIONS' })
  await expect(openSegment('x', { timeout: 0 })).rejects.toMatchObject({ code: 'SD_SHM_OPTIONS' })
})

test('the directory of other users, or open to them, is not used', async () => {
  chmodSync(segments.directory, 0o755)
  await expect(openSegment('x')).rejects.toThrow(`chmod 700 ${segments.directory}`)
  rmSync(segments.directory, { recursive: true })
  symlinkSync('/tmp', segments.directory)
  await expect(openSegment('x')).rejects.toMatchObject({ code: 'SD_SHM_DIRECTORY' })
  rmSync(segments.directory)
  mkdirSync(segments.directory, { mode: 0o700 })
  symlinkSync('/tmp', join(segments.directory, 'link'))
  await expect(openSegment('link')).rejects.toMatchObject({ code: 'SD_SHM_DIRECTORY' })
  rmSync(join(segments.directory, 'link'))
  const segment = await openSegment('mine')
  for (const file of readdirSync(segment.directory)) {
    expect(statSync(join(segment.directory, file)).mode & 0o777).toBe(0o600)
  }
  await segment.destroy()
})

test('a damaged file is refused, with what to do', async () => {
  const directory = join(segments.directory, 'bad')
  mkdirSync(directory, { mode: 0o700 })
  writeFileSync(join(directory, 'data.mdb'), Buffer.alloc(20_000, 7), { mode: 0o600 })
  await expect(openSegment('bad')).rejects.toMatchObject({ code: 'SD_SHM_DAMAGED', directory })
  await expect(openSegment('bad')).rejects.toThrow(`rm -r ${directory}`)
  rmSync(directory, { recursive: true })
})
