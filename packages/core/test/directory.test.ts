import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { holdDirectory } from '@sd/core/directory'
import { createSandbox, type Sandbox } from '@sd/testing'
import { openRunDirectory } from '../src/index.ts'

const [THEM, THIRD] = [54_321, 54_322]

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

function make(name: string, mode = 0o755, uid?: number, gid: number | undefined = uid): string {
  const path = join(sandbox.dir, name)
  mkdirSync(path)
  if (uid !== undefined) chownSync(path, uid, gid!)
  chmodSync(path, mode)
  return path
}

const unsafe = (ancestor: string) => expect.objectContaining({ code: 'SD_CORE_UNSAFE_PATH', ancestor })

describe('a directory that is held', () => {
  test('stays the same, whatever its path leads to later', () => {
    const [first, second] = [make('first'), make('second')]
    writeFileSync(join(first, 'file'), '')
    const link = join(sandbox.dir, 'link')
    symlinkSync('first', link)
    const held = holdDirectory(link)
    symlinkSync(second, `${link}.new`)
    renameSync(`${link}.new`, link)
    expect(readdirSync(held.at('.'))).toEqual(['file'])
    expect(statSync(held.at('file')).isFile()).toBe(true)
    held.close()
  })

  test('is reached over links of all kinds, and not over a circle', () => {
    const directory = make('a')
    mkdirSync(join(directory, 'b'))
    symlinkSync('../a/./b', join(directory, 'relative'))
    symlinkSync(join(directory, 'relative'), join(sandbox.dir, 'absolute'))
    const held = holdDirectory(join(sandbox.dir, 'absolute'))
    expect(held.status.ino).toBe(statSync(join(directory, 'b')).ino)
    held.close()
    symlinkSync('circle', join(sandbox.dir, 'circle'))
    expect(() => holdDirectory(join(sandbox.dir, 'circle'))).toThrow(
      expect.objectContaining({ code: 'ELOOP' }),
    )
  })

  test('is made on request, for its owner only', () => {
    const path = join(sandbox.dir, 'new', 'deep')
    expect(() => holdDirectory(path)).toThrow(
      expect.objectContaining({ code: 'ENOENT', path: join(path, '..') }),
    )
    holdDirectory(path, { make: true }).close()
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
  })

  test('is no file', () => {
    const file = join(sandbox.dir, 'file')
    writeFileSync(file, '')
    for (const path of [file, join(file, 'below')]) {
      expect(() => holdDirectory(path, { make: true })).toThrow(expect.objectContaining({ code: 'ENOTDIR' }))
    }
  })

  test.each([0o777, 0o772, 0o775])('is refused below one of mode %o, unless that is trusted', (mode) => {
    // A group of its own would be that of its owner.
    const open = make('open', mode, process.getuid!(), process.getuid!() === 0 ? 12 : process.getgid!())
    const below = join(open, 'below')
    mkdirSync(below)
    if (mode === 0o775 && process.getuid!() !== 0) return
    expect(() => holdDirectory(below)).toThrow(unsafe(open))
    process.env.SD_TRUSTED_DIRS = `/nowhere:${open}`
    try {
      holdDirectory(below).close()
    } finally {
      delete process.env.SD_TRUSTED_DIRS
    }
  })

  test('may lie where everybody writes with the sticky bit, and the group of its owner', () => {
    const sticky = make('sticky', 0o1777)
    mkdirSync(join(sticky, 'own'))
    holdDirectory(join(sticky, 'own')).close()
    if (process.getuid!() !== 0) return
    const group = make('group', 0o775, 0, 0)
    holdDirectory(group).close()
  })
})

const onlyRoot = process.getuid?.() === 0 ? describe : describe.skip
onlyRoot('beside another user', () => {
  test('a path over a directory or a link of that user is refused, and nothing is made there', async () => {
    const theirs = make('theirs', 0o755, THEM)
    const below = join(theirs, 'run')
    expect(() => holdDirectory(below, { make: true })).toThrow(unsafe(theirs))
    const sticky = make('sticky', 0o1777)
    const ours = make('ours')
    const link = join(sticky, 'link')
    symlinkSync(ours, link)
    const { lchownSync } = process.getBuiltinModule('node:fs')
    lchownSync(link, THEM, THEM)
    expect(() => holdDirectory(join(link, 'run'), { make: true })).toThrow(unsafe(link))
    await expect(openRunDirectory(below)).rejects.toMatchObject({
      code: 'SD_CORE_RUN_DIRECTORY',
      ancestor: theirs,
    })
    expect(existsSync(join(ours, 'run'))).toBe(false)
    expect(existsSync(below)).toBe(false)
  })

  test('root may hold a directory of that user, and none of two', () => {
    const theirs = make('theirs', 0o755, THEM)
    make('theirs/run', 0o755, THEM)
    const held = holdDirectory(join(theirs, 'run'), { ofOtherUser: true })
    expect(held.user).toBe(THEM)
    held.close()
    const third = make('theirs/third', 0o755, THIRD)
    expect(() => holdDirectory(third, { ofOtherUser: true })).toThrow(unsafe(third))
  })
})
