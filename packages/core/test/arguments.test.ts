import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDaemon, Daemon, type OwnOptions } from '@sd/core'
import { createSandbox, runFixture, type Sandbox } from '@sd/testing'

const options = {
  port: { type: 'number', default: 8080 },
  host: { type: 'string' },
  dryRun: { type: 'boolean' },
  cache: { type: 'boolean', default: true },
  level: { type: 'string', choices: ['low', 'high'] },
  tag: { type: 'string', array: true },
} as const satisfies OwnOptions

const read = (...words: string[]) => {
  const daemon = createDaemon({ name: 'x', signals: false, options })
  daemon.readArguments(words)
  return daemon
}
const codeOf = (act: () => unknown): unknown => {
  try {
    act()
    return undefined
  } catch (error) {
    const { code, option, value, options } = error as Record<string, unknown>
    return { code, option, value, ...(options !== undefined && { options }) }
  }
}

describe('own options', () => {
  test('have their defaults without a command line', () => {
    const { args } = createDaemon({ name: 'x', signals: false, options })
    expect(args).toEqual({ port: 8080, dryRun: false, cache: true, tag: [] })
  })

  test('are read in every usual spelling, on both sides of --', () => {
    const { args } = read(
      ...['--port', '-5', '--host=a=b', '--dry-run', '--no-cache', '--tag', 'x', 'word', '--', '--tag=y'],
      ...['--level', 'high'],
    )
    expect(args).toEqual({
      port: -5,
      host: 'a=b',
      dryRun: true,
      cache: false,
      tag: ['x', 'y'],
      level: 'high',
    })
    expect(read('--dryRun=false', '--host', '').args).toMatchObject({ dryRun: false, host: '' })
  })

  test.each([
    [['--port', 'abc'], 'port', 'abc'],
    [['--port='], 'port', ''],
    [['--port'], 'port', undefined],
    [['--port', '--host'], 'port', undefined],
    [['--port', '1', '--port', '2'], 'port', '2'],
    [['--level', 'mid'], 'level', 'mid'],
    [['--dry-run=maybe'], 'dry-run', 'maybe'],
  ])('refuse %j wherever they are read', (words, option, value) => {
    const daemon = read(...words)
    const wanted = { code: 'SD_CORE_ARGUMENTS', option, value }
    expect(codeOf(() => daemon.args)).toMatchObject(wanted)
    expect(codeOf(() => daemon.checkArguments())).toMatchObject(wanted)
  })

  test('refuse what is unknown when the daemon starts, all at once', async () => {
    const daemon = read('--prot', '80', '-x', '--level', 'mid')
    await expect(daemon.run()).rejects.toMatchObject({
      code: 'SD_CORE_ARGUMENTS',
      options: ['prot', 'x', 'level'],
      message: expect.stringContaining('"--port"'),
    })
    // What belongs to somebody else is found before that.
    expect(read('--pid-file', '/x').args.port).toBe(8080)
    expect(codeOf(() => createDaemon({ name: 'x' }).checkArguments())).toBeUndefined()
  })

  test('that are required are asked for', () => {
    const daemon = createDaemon({
      name: 'x',
      signals: false,
      options: { host: { type: 'string', required: true } },
    })
    expect(codeOf(() => daemon.args)).toMatchObject({ code: 'SD_CORE_ARGUMENTS', option: 'host' })
    daemon.readArguments(['--host', 'h'])
    expect(daemon.args).toEqual({ host: 'h' })
    expect(() => daemon.checkArguments()).not.toThrow()
  })

  test('are a member of a class', () => {
    class Poller extends Daemon {
      override signals = false
      override options = { port: { type: 'number', default: 1 } } as const
      readonly port = this.args.port
    }
    const poller = new Poller()
    expect(poller.port).toBe(1)
    poller.readArguments(['--port', '2'])
    expect(poller.args.port).toBe(2)
  })

  test.each([
    [{ port: { type: 'integer' } }],
    [{ port: { type: 'number', defualt: 1 } }],
    [{ port: { type: 'number', default: '1' } }],
    [{ port: { type: 'number', required: true, default: 1 } }],
    [{ port: { type: 'string', choices: [1] } }],
    [{ port: { type: 'string', choices: ['a'], default: 'b' } }],
    [{ port: { type: 'string', array: true, default: 'b' } }],
    [{ port: { type: 'boolean', array: true } }],
    [{ port: 8080 }],
    [{ timeout: { type: 'number' } }],
    [{ p: { type: 'number' } }],
    [{ dryRun: { type: 'boolean' }, 'dry-run': { type: 'boolean' } }],
    [[]],
  ])('%j is refused as a declaration', (wrong) => {
    const create = () => createDaemon({ name: 'x', options: wrong as unknown as OwnOptions })
    expect(codeOf(create)).toMatchObject({ code: 'SD_CORE_OPTIONS', option: 'options' })
  })
})

describe("a daemon's process", () => {
  let sandbox: Sandbox
  beforeEach(() => {
    sandbox = createSandbox()
  })
  afterEach(() => sandbox.assertNothingLeft())
  const run = (...args: string[]) =>
    runFixture(new URL('./fixtures/own-options.ts', import.meta.url), { args, env: sandbox.env })

  test('reads its own command line, and shows its options', async () => {
    const [help, wrong, daemon] = [run('-h'), run('--prot=1'), run('--host', 'h', '--', '--port', '80')]
    expect(await help.exit).toMatchObject({ code: 0 })
    for (const option of ['port', 'host', 'dry-run', 'level', 'tag']) {
      expect(help.lines.some((line) => line.trim().startsWith(`--${option}`))).toBe(true)
    }
    expect(await wrong.exit).toMatchObject({ code: 1 })
    // Without the stack, and without a start.
    expect(wrong.lines).toHaveLength(1)
    const [, args] = await daemon.waitForLine(/^args (.*)$/)
    expect(JSON.parse(args!)).toEqual({ host: 'h', port: 80, dryRun: false, level: 'low', tag: [] })
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toMatchObject({ code: 0 })
  })
})
