import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openPrintedFile } from '../src/launch/printed-file.ts'
import { usePlace } from './use-place.ts'

const place = usePlace()

test('what is printed goes to no named pipe: nothing waits for its reader, and none reads it', () => {
  const pipe = join(place.sandbox.dir, 'pipe.log')
  execFileSync('mkfifo', [pipe])
  expect(() => openPrintedFile(pipe)).toThrow(expect.objectContaining({ code: 'ENXIO' }))
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
