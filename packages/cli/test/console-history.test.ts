import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, type Sandbox } from '@sd/testing'
import { HISTORY_LENGTH, openHistory } from '../src/line-console/console-history.ts'
import { stateDirectory } from '../src/line-console/state-directory.ts'

let sandbox: Sandbox
let directory: string

beforeEach(() => {
  sandbox = createSandbox()
  directory = join(sandbox.dir, 'state', 'history')
})

afterEach(() => sandbox.assertNothingLeft())

test('what is typed is there the next time, and for nobody else to read', () => {
  const [first, second] = [openHistory('test', directory), openHistory('test', directory)]
  first.add('one')
  second.add('two\nlines')
  expect(openHistory('test', directory).lines).toEqual(['one', 'two lines'])
  expect(openHistory('other', directory).lines).toEqual([])
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  expect(statSync(join(directory, 'test')).mode & 0o777).toBe(0o600)
  chmodSync(join(directory, 'test'), 0o644)
  openHistory('test', directory)
  expect(statSync(join(directory, 'test')).mode & 0o777).toBe(0o600)
})

test('it does not grow for ever', () => {
  openHistory('test', directory)
  const file = join(directory, 'test')
  writeFileSync(file, Array.from({ length: 2 * HISTORY_LENGTH + 1 }, (_, n) => `line ${n}\n`).join(''))
  const { lines } = openHistory('test', directory)
  expect(lines).toHaveLength(HISTORY_LENGTH)
  expect(lines.at(-1)).toBe(`line ${2 * HISTORY_LENGTH}`)
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(HISTORY_LENGTH + 1)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a link, or a directory that others may write to, is not used, and says why', () => {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(sandbox.dir, 'precious'), 'precious\n')
  symlinkSync(join(sandbox.dir, 'precious'), join(directory, 'test'))
  const linked = openHistory('test', directory)
  expect(linked).toMatchObject({ lines: [], problem: expect.stringContaining('ELOOP') })
  linked.add('secret')
  expect(readFileSync(join(sandbox.dir, 'precious'), 'utf8')).toBe('precious\n')
  chmodSync(directory, 0o777)
  expect(openHistory('other', directory).problem).toMatch(/can be written to by other users/)
})

test('it is where the system wants it', () => {
  expect(stateDirectory({ HOME: '/home/a' })).toBe('/home/a/.local/state/sd')
  expect(stateDirectory({ HOME: '/home/a', XDG_STATE_HOME: '/var/a' })).toBe('/var/a/sd')
  expect(stateDirectory({ HOME: '/home/a', XDG_STATE_HOME: 'relative' })).toBe('/home/a/.local/state/sd')
})
