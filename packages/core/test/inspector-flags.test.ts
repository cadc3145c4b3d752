import { expect, test } from '@jest/globals'
import {
  childInspectorFlags,
  daemonNodeFlags,
  isInspectorPrivate,
  nextLifeNodeFlags,
  startsInspector,
} from '../src/inspector-flags.ts'

const PRIVATE = ['--inspect-publish-uid=stderr', '--inspect-port=127.0.0.1:0']

test.each([
  [['--inspect'], undefined],
  [['--inspect=9229'], undefined],
  [[], '--no-warnings --inspect-brk=0'],
  [[], '"--inspect_wait"'],
])('%j and NODE_OPTIONS %j start the inspector: they stay as they are', (execArgv, nodeOptions) => {
  expect(startsInspector(execArgv, nodeOptions)).toBe(true)
  expect(daemonNodeFlags(execArgv, nodeOptions)).toEqual(execArgv)
})

test.each([
  [['--inspect-port=9229', '--no-warnings'], undefined],
  [['--import=./--inspected.mjs'], '--inspect-publish-uid=http'],
  [[], '--no-inspect --require ./my--inspect'],
])('%j and NODE_OPTIONS %j do not: an inspector that a signal starts is private', (execArgv, nodeOptions) => {
  expect(startsInspector(execArgv, nodeOptions)).toBe(false)
  expect(daemonNodeFlags(execArgv, nodeOptions)).toEqual([...PRIVATE, ...execArgv])
  expect(daemonNodeFlags([...PRIVATE, ...execArgv], nodeOptions)).toEqual([...PRIVATE, ...execArgv])
})

test('a restart waits for no debugger, however often it happens', () => {
  const second = nextLifeNodeFlags(['--inspect-brk=9229'], undefined)
  expect(second).toEqual(['--inspect-brk=9229', '--no-inspect-brk', '--no-inspect-wait'])
  expect(nextLifeNodeFlags(second, undefined)).toEqual(second)
  expect(nextLifeNodeFlags([], '--inspect-wait')).toEqual(['--no-inspect-brk', '--no-inspect-wait'])
  expect(nextLifeNodeFlags(['--inspect'], undefined)).toEqual(['--inspect'])
  expect(nextLifeNodeFlags([], undefined)).toEqual(PRIVATE)
})

test('a child has an inspector of its own only where its own flags start one', () => {
  expect(childInspectorFlags(['--no-warnings'])).toContain('--inspect-publish-uid=stderr')
  expect(childInspectorFlags(['--inspect=9230'])).not.toContain('--inspect-publish-uid=stderr')
})

test.each([
  [[], undefined, false],
  [['--inspect-publish-uid=stderr'], undefined, true],
  [['--inspect-publish-uid', 'stderr'], undefined, true],
  [['--inspect-publish-uid=stderr,http'], undefined, false],
  [['--inspect-publish-uid=stderr', '--inspect-publish-uid=http'], undefined, false],
  [['--inspect-publish-uid=stderr'], '--inspect-publish-uid=http', true],
  [[], '"--inspect-publish-uid=stderr"', true],
])('with %j and NODE_OPTIONS %j an inspector is private: %j', (execArgv, nodeOptions, isPrivate) => {
  expect(isInspectorPrivate(execArgv, nodeOptions)).toBe(isPrivate)
})
