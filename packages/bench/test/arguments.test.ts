import { describe, expect, test } from '@jest/globals'
import { readArguments } from '../src/arguments.ts'

describe('arguments', () => {
  test('without any, a quick run', () => {
    expect(readArguments([])).toMatchObject({ full: false, only: undefined, peers: undefined, rounds: 2 })
  })

  test('a full run takes more time', () => {
    expect(readArguments(['--full'])).toMatchObject({ full: true, rounds: 3, duration: 700 })
    expect(readArguments(['--full', '--rounds', '9'])).toMatchObject({ rounds: 9 })
  })

  test('a name means itself, or all that begin with it', () => {
    expect(readArguments(['--only', 'latency,no-op']).only).toEqual(['latency', 'no-op-1', 'no-op-2'])
    expect(readArguments(['--peers', 'tinypool,piscina']).peers).toEqual([
      'tinypool-thread',
      'tinypool-process',
      'piscina',
    ])
  })

  test.each([
    [['--only', 'bursts'], /no workload "bursts"\. Did you mean "burst"\? Known: no-op-1, .*burst/],
    [['--peers', 'pisina'], /no subject "pisina"\. Did you mean "piscina"\? Known: simple-daemon, /],
    [['--peers', 'x'], /no subject "x"\. Known: simple-daemon, /],
    [['--rounds', '0'], /--rounds takes a whole number above 0, not "0"/],
    [['--fast'], /--fast/],
  ])('%j is refused', (args, message) => {
    expect(() => readArguments(args)).toThrow(message)
  })
})
