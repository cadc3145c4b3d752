import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openSegment } from '@sd/shm'
import { runFixture } from '@sd/testing'
import { useSegments } from './segments.ts'

const segments = useSegments()
const mayMount = process.getuid?.() === 0 && process.platform === 'linux'
const testMounted = mayMount ? test : test.skip

/** Runs a test with memory of its own. @param size - as of mount: 0 is no limit. */
async function withMemory(size: string, action: (place: string) => Promise<void>): Promise<void> {
  const place = join(segments.directory, 'small')
  mkdirSync(place, { mode: 0o700 })
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', place], {
    encoding: 'utf8',
  })
  expect(mount.stderr).toBe('')
  process.env.SD_SHM_DIR = place
  try {
    await action(place)
  } finally {
    process.env.SD_SHM_DIR = segments.directory
    // Also when the test has failed, and has left it open.
    expect(spawnSync('umount', ['-l', place], { encoding: 'utf8' }).stderr).toBe('')
    rmSync(place, { recursive: true })
  }
}

testMounted('where memory runs out a write fails, and the segment is as it was (needs root, to mount)', () =>
  withMemory('1m', async (place) => {
    const segment = await openSegment('test')
    let n = 0
    const fill = async (): Promise<never> => {
      for (; ; n++) await segment.put(`k.${n}`, Buffer.alloc(20_000, n))
    }
    await expect(fill()).rejects.toMatchObject({ code: 'SD_SHM_FULL', directory: join(place, 'test') })
    expect(n).toBeGreaterThan(20)
    for (let i = 0; i < n; i++)
      expect(Buffer.compare(segment.get(`k.${i}`) as Buffer, Buffer.alloc(20_000, i))).toBe(0)
    await expect(segment.put('more', Buffer.alloc(500_000))).rejects.toMatchObject({ code: 'SD_SHM_FULL' })
    expect(segment.keys()).toHaveLength(n)
    // Pages that are in the file already can be used again.
    await segment.put('k.0', 'small')
    await segment.put('k.1', 'small')
    await segment.put('fits', Buffer.alloc(10_000))
    expect(segment.get('k.0')).toBe('small')
    for (let i = 0; i < n; i++) expect(await segment.delete(`k.${i}`)).toBe(true)
    await segment.put('again', Buffer.alloc(20_000))
    await segment.destroy()
  }),
)

testMounted(
  'where memory runs out in whatever step no process ends of it (needs root, to mount)',
  () =>
    withMemory('1m', async (place) => {
      const rest = join(place, '.rest')
      writeFileSync(rest, Buffer.alloc(1024 * 1024))
      const said: Record<number, string> = {}
      for (const free of [0, 4, 64, 68, 72, 128, 256, 264, 280, 400]) {
        truncateSync(rest, (1024 - free) * 1024)
        const newcomer = runFixture(new URL('./fixtures/newcomer.ts', import.meta.url), {
          args: ['new'],
          env: { ...segments.sandbox.env, SD_SHM_DIR: place },
        })
        expect(await newcomer.exit).toEqual({ code: 0, signal: null })
        said[free] = newcomer.lines.join(' ')
        rmSync(join(place, 'new'), { recursive: true, force: true })
      }
      expect([0, 4, 64, 68, 72, 128].map((free) => said[free])).toEqual(Array(6).fill('SD_SHM_FULL'))
      expect(said[400]).toBe('value')
      const segment = await openSegment('used')
      await segment.put('key', 'value')
      await segment.close()
      // Nothing at all is left, and still it can be looked at, and be emptied.
      truncateSync(rest, 0)
      writeFileSync(rest, Buffer.alloc(600 * 1024))
      for (let n = 0; ; n++) {
        try {
          writeFileSync(join(place, `.rest-${n}`), Buffer.alloc(4096))
        } catch {
          break
        }
      }
      const again = await openSegment('used')
      expect(again.get('key')).toBe('value')
      expect(await again.delete('key')).toBe(true)
      await again.destroy()
      expect(readdirSync(place).filter((name) => !name.startsWith('.rest'))).toEqual([])
    }),
  60_000,
)

testMounted('where nothing may be written it is said so (needs root, to mount)', () =>
  withMemory('1m', async (place) => {
    await (await openSegment('test')).close()
    const remount = (how: string): void =>
      expect(spawnSync('mount', ['-o', `remount,${how}`, place], { encoding: 'utf8' }).stderr).toBe('')
    remount('ro')
    for (const name of ['test', 'new']) {
      const error = await openSegment(name).catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'SD_SHM_DIRECTORY', directory: join(place, name) })
      expect(error.message).toMatch(/read-only file system/i)
    }
    remount('rw')
    await (await openSegment('test')).destroy()
  }),
)

testMounted('memory without a limit is enough (needs root, to mount)', () =>
  withMemory('0', async () => {
    const segment = await openSegment<{ a: number }>('test')
    await segment.put('a', 1)
    expect(segment.get('a')).toBe(1)
    await segment.destroy()
  }),
)
