import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { cleanSegments, listSegments, listUnusedSegments, openSegment, removeUnusedSegment } from '@sd/shm'
import { useSegments } from './segments.ts'

const segments = useSegments()

test("what is no segment's is neither listed, nor opened, nor removed", async () => {
  const [foreign, hidden] = [join(segments.directory, 'systemd'), join(segments.directory, '.ssh')]
  const mine = await openSegment('mine')
  await mine.close()
  // A process was killed before it had deleted it, and somebody has put something into it.
  const grave = join(segments.directory, `.old.${process.pid}.0.1`)
  const files = [join(foreign, 'private'), join(hidden, 'id'), join(grave, 'note')]
  for (const file of files) {
    mkdirSync(dirname(file), { mode: 0o700 })
    writeFileSync(file, 'precious')
  }
  writeFileSync(join(grave, 'data.mdb'), '')
  writeFileSync(join(segments.directory, '.profile'), 'precious')
  writeFileSync(join(segments.directory, 'plain'), 'precious')
  files.push(join(segments.directory, '.profile'), join(segments.directory, 'plain'))
  const error = await openSegment('systemd').catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'SD_SHM_DIRECTORY', directory: foreign })
  expect(error.message).toContain('holds "private"')
  expect(await listSegments()).toEqual(['mine'])
  expect(await listUnusedSegments()).toEqual(['mine'])
  await expect(removeUnusedSegment('systemd')).rejects.toMatchObject({ code: 'SD_SHM_DIRECTORY' })
  for (const name of ['', '.ssh', '../other']) {
    await expect(removeUnusedSegment(name)).rejects.toMatchObject({ code: 'SD_SHM_NAME', name })
  }
  expect(await cleanSegments()).toEqual(['mine'])
  expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(files.map(() => 'precious'))
  expect(readdirSync(foreign)).toEqual(['private'])
  expect(readdirSync(grave)).toEqual(['note'])
  for (const directory of [foreign, hidden, grave]) rmSync(directory, { recursive: true })
  for (const file of files.slice(3)) rmSync(file)
})

const onlyRoot = process.getuid?.() === 0 ? test : test.skip

onlyRoot(
  'a directory that another user has made, or can exchange, is refused at once, and nothing in it is listed',
  async () => {
    const OTHER = 54_321
    const [place, target] = [join(segments.directory, 'taken'), join(segments.directory, 'target')]
    mkdirSync(target, { mode: 0o700 })
    process.env.SD_SHM_DIR = place
    const takers: Readonly<Record<string, () => void>> = {
      directory: () => mkdirSync(place, { mode: 0o700 }),
      file: () => writeFileSync(place, ''),
      link: () => symlinkSync(target, place),
    }
    for (const take of Object.values(takers)) {
      take()
      lchownSync(place, OTHER, OTHER)
      for (const attempt of [
        openSegment('mine'),
        openSegment('mine', { create: false }),
        listSegments(),
        cleanSegments(),
      ]) {
        await expect(attempt).rejects.toMatchObject({ code: 'SD_SHM_DIRECTORY' })
      }
      const { message } = await openSegment('mine').catch((error) => error)
      expect(message).toMatch(/belongs to user id 54321.*SD_SHM_DIR/)
      rmSync(place, { recursive: true })
    }
    expect(readdirSync(target)).toEqual([])
    // The directory is one's own, but not the one around it.
    chownSync(target, OTHER, OTHER)
    process.env.SD_SHM_DIR = join(target, 'inner')
    await expect(openSegment('mine')).rejects.toMatchObject({ code: 'SD_SHM_DIRECTORY' })
    chownSync(target, 0, 0)
    chmodSync(target, 0o777)
    await expect(openSegment('mine')).rejects.toMatchObject({ code: 'SD_SHM_DIRECTORY' })
    process.env.SD_SHM_DIR = segments.directory
    rmSync(target, { recursive: true })
  },
)

test('of a destroyed segment only its own files are deleted', async () => {
  const segment = await openSegment('mine')
  writeFileSync(join(segment.directory, 'note'), 'precious')
  await segment.destroy()
  expect(await listSegments()).toEqual([])
  const [grave] = readdirSync(segments.directory)
  expect(readdirSync(join(segments.directory, grave!))).toEqual(['note'])
  rmSync(join(segments.directory, grave!), { recursive: true })
})
