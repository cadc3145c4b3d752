import { describe, expect, test } from '@jest/globals'
import { createDaemon } from '@sd/core'
import { server } from '@sd/server'

describe('options', () => {
  test.each([
    [{}, /option "listen" must be exactly one of { port, host }, { path } and { fd }, not undefined/],
    [{ listen: 7000 }, /option "listen" must be .*, not 7000/],
    [{ listen: {} }, /option "listen" must be/],
    [{ listen: { port: 1, path: 'x' } }, /option "listen" must be/],
    [
      { listen: { port: 70_000 } },
      /server.listen: option "port" must be a whole number from 0 to 65535, not 70000/,
    ],
    [{ listen: { port: 1, prot: 2 } }, /server.listen: unknown option "prot"/],
    [{ listen: { path: '\0abstract' } }, /option "path"/],
    [{ listen: { port: 1 }, maxInputs: 1 }, /unknown option "maxInputs".*"maxInput"/],
    [{ listen: { port: 1 }, idleTimeout: -1 }, /option "idleTimeout" must be a number of milliseconds/],
    [{ listen: { port: 1 }, framing: { lengthPrefix: 3 } }, /option "framing" must be/],
    [{ listen: { port: 1 }, framing: 'raw', delimiter: 'x' }, /option "delimiter" needs framing "line"/],
    [{ listen: { port: 1 }, concurrency: 0 }, /option "concurrency"/],
  ])('that are wrong are told: %j', (options, message) => {
    expect(() => server(options as never)).toThrow(message)
    expect(() => server(options as never)).toThrow(
      expect.objectContaining({ code: 'SD_SERVER_OPTIONS' }) as never,
    )
  })

  test('two servers need two names', () => {
    const daemon = createDaemon({ name: 'two' }).use(server({ listen: { port: 0 } }))
    expect(() => daemon.use(server({ listen: { port: 0 } }))).toThrow(/used twice/)
    const both = daemon.use(server({ name: 'admin', listen: { port: 0 } }))
    expect(both.admin.stats().clients).toBe(0)
    expect(both.server.address).toBe(undefined)
  })
})
