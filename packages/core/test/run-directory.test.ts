import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, type Sandbox } from '@sd/testing'
import { openRunDirectory, runDirectory } from '../src/index.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

test.each([
  [{ SD_RUN_DIR: '/a', RUNTIME_DIRECTORY: '/b', XDG_RUNTIME_DIR: '/c' }, 0, '/a'],
  [{ RUNTIME_DIRECTORY: '/b:/bb', XDG_RUNTIME_DIR: '/c' }, 0, '/b'],
  [{ SD_RUN_DIR: '', XDG_RUNTIME_DIR: '/c' }, 1000, '/c/sd'],
  [{ HOME: '/home/ada' }, 1000, '/home/ada/.local/state/sd'],
  [{}, 1000, join(homedir(), '.local/state/sd')],
])('with %j user id %d has %s', (env, uid, directory) => {
  expect(runDirectory(env, uid)).toBe(directory)
})

test('root has one of its own', () => {
  expect(runDirectory({ XDG_RUNTIME_DIR: '/c' }, 0)).toMatch(/^(\/var)?\/run\/sd$/)
})

test('a relative path is refused, because it would be another one in another directory', () => {
  expect(() => runDirectory({ SD_RUN_DIR: 'run' })).toThrow(
    expect.objectContaining({ code: 'SD_CORE_RUN_DIRECTORY', message: expect.stringContaining('"run"') }),
  )
})

test('it is made for its owner only, and used again', async () => {
  const directory = join(sandbox.dir, 'a', 'b')
  expect(await openRunDirectory(directory)).toBe(directory)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  expect(await openRunDirectory(directory)).toBe(directory)
})

test('one that others can write to is refused', async () => {
  const directory = join(sandbox.dir, 'run')
  mkdirSync(directory)
  chmodSync(directory, 0o770)
  await expect(openRunDirectory(directory)).rejects.toMatchObject({ code: 'SD_CORE_RUN_DIRECTORY' })
})

test('a link, a file, and a place where nothing can be made are refused', async () => {
  const [link, file] = ['link', 'file'].map((name) => join(sandbox.dir, name)) as [string, string]
  symlinkSync(sandbox.dir, link)
  writeFileSync(file, '')
  for (const place of [link, file, join(file, 'run')]) {
    await expect(openRunDirectory(place)).rejects.toMatchObject({ code: 'SD_CORE_RUN_DIRECTORY' })
  }
})

const onlyRoot = process.getuid?.() === 0 ? test : test.skip
onlyRoot('one of another user is refused', async () => {
  const directory = join(sandbox.dir, 'run')
  mkdirSync(directory)
  chownSync(directory, 65_534, 65_534)
  await expect(openRunDirectory(directory)).rejects.toMatchObject({ code: 'SD_CORE_RUN_DIRECTORY' })
})
