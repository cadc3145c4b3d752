import { execFileSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { openSegment, type Segment } from '@sd/shm'
import { useSegments } from './segments.ts'

const segments = useSegments()

/** Segments that are damaged at random. */
const VARIANTS = process.env.SD_SOAK ? 2000 : 150

/** What one process opens, one after the other. */
const AT_ONCE = 50

/** Numbers that look random, the same for each run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A segment with a tree of some depth, large values, and free pages. */
async function makeWhole(): Promise<Segment<Record<string, unknown>>> {
  const segment = await openSegment<Record<string, unknown>>('whole')
  for (let n = 0; n < 400; n++) await segment.put(`key.${n}`, { n, text: 'x'.repeat(n % 300) })
  await segment.put('large', new Uint8Array(50_000))
  await segment.put('larger', new Uint8Array(9000))
  for (let n = 0; n < 400; n += 3) await segment.delete(`key.${n}`)
  await segment.delete('larger')
  return segment
}

beforeEach(async () => {
  const segment = await makeWhole()
  await segment.close()
})

const pathOf = (name: string, file: string): string => join(segments.directory, name, file)

function copy(name: string): void {
  cpSync(join(segments.directory, 'whole'), join(segments.directory, name), { recursive: true })
}

function clear(): void {
  rmSync(segments.directory, { recursive: true })
  mkdirSync(segments.directory, { mode: 0o700 })
}

/** @returns what came of each segment, in order. */
async function useAll(names: readonly string[]): Promise<string[]> {
  const child = segments.run('use-damaged.ts', ...names)
  const exit = await child.exit
  // A crash shows which one it was.
  expect({ ...exit, last: child.lines.at(-1) }).toEqual({
    ...{ code: 0, signal: null },
    last: expect.stringMatching(/^end /),
  })
  return child.lines
    .filter((line) => line.startsWith('end '))
    .map((line) => line.split(' ').slice(2).join(' '))
}

describe('a file that is damaged', () => {
  const damages: Readonly<Record<string, (bytes: Buffer, random: (below: number) => number) => Buffer>> = {
    'is shorter': (bytes, random) => bytes.subarray(0, random(bytes.length)),
    'ends at a page': (bytes, random) => bytes.subarray(0, random(bytes.length / 4096) * 4096),
    'has a page of zeros': (bytes, random) => {
      const from = (random(80) * 4096) % bytes.length
      return bytes.fill(0, from, Math.min(from + 4096, bytes.length))
    },
    'has a bit flipped': (bytes, random) => {
      const at = random(80 * 4096) % bytes.length
      bytes[at]! ^= 1 << random(8)
      return bytes
    },
    'has a beginning with a bit flipped': (bytes, random) => {
      const at = (random(2) * 4096 + random(170)) % bytes.length
      bytes[at]! ^= 1 << random(8)
      return bytes
    },
    'has a page header that is nonsense': (bytes, random) => {
      const page = random(80) * 4096
      for (let n = 0; n < 4; n++) bytes[(page + random(40)) % bytes.length] = random(256)
      return bytes
    },
    'has bytes that are nonsense': (bytes, random) => {
      const from = random(80 * 4096) % bytes.length
      for (let n = 0; n < random(200); n++) bytes[(from + n) % bytes.length] = random(256)
      return bytes
    },
    'has two pages exchanged': (bytes, random) => {
      const [one, other] = [random(60) * 4096, random(60) * 4096] as const
      const kept = Buffer.from(bytes.subarray(one, one + 4096))
      bytes.copyWithin(one, other, other + 4096)
      kept.copy(bytes, other)
      return bytes
    },
  }

  test(`${VARIANTS} times at random, never ends a process, and is told as an error`, async () => {
    const kinds = Object.values(damages)
    const codes = new Set<string>()
    const whole = {
      data: readFileSync(pathOf('whole', 'data.mdb')),
      lock: readFileSync(pathOf('whole', 'lock.mdb')),
    }
    for (let first = 0; first < VARIANTS; first += AT_ONCE) {
      const names = Array.from({ length: AT_ONCE }, (_, index) => `damaged-${first + index}`)
      names.forEach((name, index) => {
        const random = createRandom(first + index)
        random(2)
        mkdirSync(join(segments.directory, name), { mode: 0o700 })
        const damage = kinds[(first + index) % kinds.length]!
        const isLock = random(5) === 0
        writeFileSync(pathOf(name, 'data.mdb'), isLock ? whole.data : damage(Buffer.from(whole.data), random))
        writeFileSync(pathOf(name, 'lock.mdb'), isLock ? damage(Buffer.from(whole.lock), random) : whole.lock)
      })
      for (const code of await useAll(names)) codes.add(code)
      for (const name of names) rmSync(join(segments.directory, name), { recursive: true })
    }
    clear()
    expect([...codes].filter((code) => !/^(ok|SD_SHM_[A-Z]+)$/.test(code))).toEqual([])
    expect(codes).toContain('ok')
    expect(codes).toContain('SD_SHM_DAMAGED')
  }, 3_600_000)

  test('in a large value that says it is of a later transaction, is told as an error', async () => {
    copy('later')
    const bytes = readFileSync(pathOf('whole', 'data.mdb'))
    const pages = Array.from({ length: bytes.length / 4096 }, (_, page) => page * 4096)
    // The header of a page: its number, its transaction, its flags (4: a large value), how many pages.
    const large = pages.filter(
      (at) => bytes.readBigUInt64LE(at) === BigInt(at / 4096) && bytes.readUInt16LE(at + 18) === 4,
    )
    expect(large.length).toBeGreaterThan(0)
    for (const at of large) bytes.writeBigUInt64LE(2n ** 32n, at + 8)
    writeFileSync(pathOf('later', 'data.mdb'), bytes)
    expect(await useAll(['later'])).toEqual(['SD_SHM_DAMAGED'])
    clear()
  }, 60_000)

  test('also one that others have open, is told to who opens it then', async () => {
    const owner = segments.run('owner.ts', 'used')
    await owner.waitForLine(/open/, 30_000)
    truncateSync(pathOf('used', 'data.mdb'), 8192)
    expect(await useAll(['used'])).toEqual(['SD_SHM_DAMAGED'])
    owner.kill()
    await owner.exit
    clear()
  }, 60_000)
})

describe('something else in place of a file', () => {
  const makers: Readonly<Record<string, (path: string) => void>> = {
    'a directory': (path) => mkdirSync(path),
    'a named pipe': (path) => void execFileSync('mkfifo', [path]),
    'a dangling link': (path) => symlinkSync('/nowhere', path),
    'a link to a file': (path) => symlinkSync('/etc/passwd', path),
    'a file of text': (path) => writeFileSync(path, 'not yours\n'),
  }

  test('is told at once, and nothing hangs', async () => {
    const odd: string[] = []
    for (const [what, make] of Object.entries(makers)) {
      for (const file of ['data.mdb', 'lock.mdb', 'gate']) {
        const name = `odd-${odd.length}`
        copy(name)
        rmSync(pathOf(name, file), { force: true })
        make(pathOf(name, file))
        odd.push(`${what} as ${file}`)
      }
    }
    const told = await useAll(odd.map((_, index) => `odd-${index}`))
    const ends = Object.fromEntries(odd.map((what, index) => [what, told[index]!]))
    clear()
    // A link is what a gate is: one that names nobody who lives is removed. A file of zeros is what LMDB makes of a lock's.
    const allowed = ['a dangling link as gate', 'a link to a file as gate', 'a file of text as lock.mdb']
    const ok = Object.keys(ends).filter((what) => ends[what] === 'ok')
    expect(ok.sort()).toEqual(allowed.sort())
    expect([...new Set(Object.values(ends))].sort()).toEqual(['SD_SHM_DAMAGED', 'ok'])
  }, 600_000)

  test('as a gate ends a write of who has it open within its timeout', async () => {
    const segment = await openSegment('whole', { timeout: 300 })
    writeFileSync(pathOf('whole', 'gate'), '')
    await expect(segment.put('a', 1)).rejects.toMatchObject({ code: 'SD_SHM_DAMAGED' })
    expect(segment.get('a')).toBeUndefined()
    rmSync(pathOf('whole', 'gate'))
    await segment.put('a', 2)
    expect(segment.get('a')).toBe(2)
    await segment.destroy()
  })

  const onlyRoot = process.getuid?.() === 0 ? test : test.skip
  onlyRoot("of another user's is not used", async () => {
    copy('foreign')
    chownSync(pathOf('foreign', 'data.mdb'), 54321, 54321)
    expect(await useAll(['foreign'])).toEqual(['SD_SHM_DAMAGED'])
    clear()
  })
})
