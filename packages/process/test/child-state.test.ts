import { expect, test } from '@jest/globals'
import { type ChildInput, type ChildState, nextChildState } from '../src/child-state.ts'

const CELLS: [ChildState, ChildInput, ChildState][] = [
  ['spawning', 'ready', 'ready'],
  ['spawning', 'drain', 'draining'],
  ['spawning', 'die', 'draining'],
  ['spawning', 'exit', 'exited'],
  ['ready', 'ready', 'ready'],
  ['ready', 'drain', 'draining'],
  ['ready', 'die', 'draining'],
  ['ready', 'exit', 'exited'],
  ['draining', 'ready', 'draining'],
  ['draining', 'drain', 'draining'],
  ['draining', 'die', 'draining'],
  ['draining', 'exit', 'exited'],
  ['exited', 'ready', 'exited'],
  ['exited', 'drain', 'exited'],
  ['exited', 'die', 'exited'],
  ['exited', 'exit', 'exited'],
]

test.each(CELLS)('a child that is %s and gets %s is then %s', (state, input, next) => {
  expect(nextChildState(state, input)).toBe(next)
})
