import { expect, test } from '@jest/globals'
import { readLocks } from '../src/status/plugin-facts.ts'

test('a lock is one whatever its plugin is called, and what only has a state is none', () => {
  const plugins = {
    guard: { state: 'held', name: 'poller', token: 7 },
    lock: { state: 'free' },
    line: { state: 'open' },
    ini: null,
  }
  expect(readLocks(plugins)).toEqual([
    { plugin: 'guard', text: 'held: poller, token 7' },
    { plugin: 'lock', text: 'free' },
  ])
})
