import { describe, expect, test } from '@jest/globals'
import {
  createDaemon,
  type DaemonOptions,
  must,
  nearestName,
  resolveOptions,
  suggestName,
} from '../src/index.ts'

describe('the nearest name', () => {
  test.each([
    ['intervall', 'interval'],
    ['Interval', 'interval'],
    ['shutdowntimeout', 'shutdownTimeout'],
    ['naem', undefined],
    ['nam', 'name'],
    ['port', undefined],
  ])('to %s is %s', (given, expected) => {
    expect(nearestName(given, ['name', 'interval', 'shutdownTimeout'])).toBe(expected)
  })

  test.each([
    ['stat', 'stats'],
    ['strat', 'start'],
    ['strt', 'start'],
    ['stauts', 'status'],
    ['sto', 'stop'],
    ['st', undefined],
  ])('among commands to %s is %s', (given, expected) => {
    expect(nearestName(given, ['run', 'start', 'stop', 'status', 'stats'])).toBe(expected)
  })

  test('is suggested, and where none is near, all are listed', () => {
    expect(suggestName('size', ['sizes', 'age'])).toBe(' Did you mean "sizes"?')
    expect(suggestName('port', ['sizes', 'age'])).toBe(' Known: sizes, age.')
    expect(suggestName('port', [])).toBe('')
  })
})

describe('resolving options', () => {
  interface Options {
    size?: number
    label?: string | null
    mode?: 'fast' | 'safe'
  }
  const checks = {
    size: must.beInteger(1, 9),
    label: must.beNullOr(must.beText),
    mode: must.beOneOf('fast', 'safe'),
  }
  const resolve = (given: unknown) =>
    resolveOptions<Options, { size: number }>(
      'pool',
      'SD_TEST_OPTIONS',
      given as Options,
      { size: 1 },
      checks,
    )

  test('lays what is given over the defaults, and counts undefined as not given', () => {
    expect(resolve({})).toEqual({ size: 1 })
    expect(resolve({ size: undefined, label: null })).toEqual({ size: 1, label: null })
    expect(resolve({ size: 3, mode: 'fast' })).toEqual({ size: 3, mode: 'fast' })
  })

  test('leaves the defaults as they were', () => {
    const defaults = Object.freeze({ size: 1 })
    resolveOptions<Options, { size: number }>('pool', 'X', { size: 4 }, defaults, checks)
    expect(defaults).toEqual({ size: 1 })
  })

  test.each([
    [{ siez: 3 }, 'pool: unknown option "siez". Known: size, label, mode.'],
    [{ sizes: 3 }, 'pool: unknown option "sizes". Did you mean "size"?'],
    [{ size: 0 }, 'pool: option "size" must be a whole number from 1 to 9, not 0.'],
    [{ size: '3' }, 'pool: option "size" must be a whole number from 1 to 9, not "3".'],
    [{ size: Number.NaN }, 'pool: option "size" must be a whole number from 1 to 9, not NaN.'],
    [{ size: null }, 'pool: option "size" must be a whole number from 1 to 9, not null.'],
    [{ label: '' }, 'pool: option "label" must be a non-empty string, or null, not "".'],
    [{ label: [] }, 'pool: option "label" must be a non-empty string, or null, not an array.'],
    [{ mode: 'slow' }, 'pool: option "mode" must be one of "fast", "safe", not "slow".'],
    [{ mode: () => 'fast' }, 'pool: option "mode" must be one of "fast", "safe", not a function.'],
    [null, 'pool: options must be an object, not null.'],
    ['size=3', 'pool: options must be an object, not "size=3".'],
  ])('refuses %j', (given, message) => {
    expect(() => resolve(given)).toThrow(expect.objectContaining({ code: 'SD_TEST_OPTIONS', message }))
  })

  test('asks for an option that must be given, and lets others be left out', () => {
    interface Server {
      port: number
      host?: string
    }
    const checks = { port: must.beGiven(must.beInteger(1, 65535)), host: must.beText }
    const resolve = (given: unknown) => resolveOptions('server', 'X', given as Server, {}, checks)
    expect(resolve({ port: 80 })).toEqual({ port: 80 })
    const message = 'server: option "port" must be a whole number from 1 to 65535, not undefined.'
    for (const given of [{}, { port: undefined }, { host: 'here' }]) {
      expect(() => resolve(given)).toThrow(expect.objectContaining({ message, option: 'port' }))
    }
  })

  test('does not take an option called __proto__ for a prototype', () => {
    expect(() => resolve(JSON.parse('{"__proto__": {"size": 3}}'))).toThrow(/unknown option "__proto__"/)
  })
})

describe('the options of a daemon', () => {
  test.each<[unknown, RegExp]>([
    [undefined, /createDaemon: options must be an object, not undefined/],
    [{}, /option "name" must be a name of letters.*, not undefined/],
    [{ name: undefined }, /option "name" must be a name/],
    [{ name: '' }, /option "name"/],
    [{ name: '../x' }, /option "name"/],
    [{ name: 'x', intervall: 3 }, /unknown option "intervall". Did you mean "interval"\?/],
    [{ name: 'x', interval: -1 }, /"interval" must be a number of milliseconds, at least 0, or null, not -1/],
    [{ name: 'x', interval: '1s' }, /"interval".*not "1s"/],
    [{ name: 'x', interval: Number.POSITIVE_INFINITY }, /"interval".*not Infinity/],
    [{ name: 'x', logFile: 3 }, /"logFile" must be a file name or a function that returns one, not 3/],
    [{ name: 'x', logger: { info() {} } }, /"logger" must be .*missing: debug, error, fatal/],
    [{ name: 'x', idleProbability: 2 }, /"idleProbability" must be a number from 0 to 1, not 2/],
    [{ name: 'x', autoRestartInterval: 5 }, /"autoRestartInterval".*at least 10000, not 5/],
    [{ name: 'x', priority: 20 }, /"priority" must be a whole number from -20 to 19, or null, not 20/],
    [{ name: 'x', signals: 'yes' }, /"signals" must be true or false, not "yes"/],
    [{ name: 'x', installInstructions: [1] }, /"installInstructions" must be a string, an array/],
  ])('refuse %j', (options, message) => {
    expect(() => createDaemon(options as DaemonOptions)).toThrow(
      expect.objectContaining({ code: 'SD_CORE_OPTIONS', message: expect.stringMatching(message) }),
    )
  })

  test('take fractions, 0, null and undefined', () => {
    for (const interval of [0.5, 0, null, 1e12]) createDaemon({ name: 'x', interval })
    createDaemon({ name: 'x', interval: undefined } as unknown as DaemonOptions)
    createDaemon({ name: 'x', autoRestartInterval: 0 })
  })
})
