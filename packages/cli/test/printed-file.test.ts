import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openLogDirectory } from '../src/launch/log-directory.ts'
import { openPrintedFile } from '../src/launch/printed-file.ts'
import { usePlace } from './use-place.ts'

const place = usePlace()

test('what is printed goes to no named pipe: nothing waits for its reader, and none reads it', () => {
  const pipe = join(place.sandbox.dir, 'pipe.log')
  execFileSync('mkfifo', [pipe])
  expect(() => openPrintedFile(pipe)).toThrow(
    expect.objectContaining({ code: 'SD_CLI_LOG_FILE', message: expect.stringContaining('a named pipe') }),
  )
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  expect(() => openPrintedFile(pipe)).toThrow(pipe)
  closeSync(reader)
})

const testAsRoot = process.getuid?.() === 0 ? test : test.skip

testAsRoot('what is printed goes to no file that another user has put where everybody can', () => {
  const directory = join(place.sandbox.dir, 'open')
  const file = join(directory, 'a.log')
  mkdirSync(directory)
  chmodSync(directory, 0o1777)
  writeFileSync(file, '', { mode: 0o666 })
  chownSync(file, 54_321, 54_321)
  expect(() => openPrintedFile(file)).toThrow(file)
  chownSync(file, 0, 0)
  const descriptor = openPrintedFile(file)
  writeSync(descriptor, 'printed')
  closeSync(descriptor)
  expect(readFileSync(file, 'utf8')).toBe('printed')
})

testAsRoot('the logs go to no directory that another user can exchange, on the whole path', () => {
  const theirs = join(place.sandbox.dir, 'theirs')
  mkdirSync(theirs)
  chownSync(theirs, 54_321, 54_321)
  // Each is ours, and theirs to exchange.
  const ours = join(theirs, 'ours')
  mkdirSync(ours, { mode: 0o700 })
  const refused = expect.objectContaining({ code: 'SD_CLI_LOG_DIRECTORY' })
  expect(() => openLogDirectory(ours)).toThrow(refused)
  const deep = join(theirs, 'a', 'b')
  expect(() => openLogDirectory(deep)).toThrow(refused)
  expect(existsSync(join(theirs, 'a'))).toBe(false)
  const good = join(place.sandbox.dir, 'logs', 'sd')
  expect(openLogDirectory(good)).toBe(good)
})
