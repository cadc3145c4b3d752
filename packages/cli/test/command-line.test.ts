import { existsSync, readFileSync } from 'node:fs'
import { describe, expect } from '@jest/globals'

import { commands } from '../src/command-list.ts'
import { readWords } from '../src/read-words.ts'
import { cliCommand, fixture, runCli } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

const place = usePlaces()
const { test } = place

async function helpOf(...words: string[]): Promise<string> {
  let text = ''
  await readWords(words, (output) => {
    text += output
  })
  return text
}

describe('help', () => {
  test('of everything begins with examples, and lists all commands', async () => {
    const text = await helpOf()
    expect(text).toMatch(/^Examples:\n {2}sd-cli start poller\.ts/)
    for (const { name, summary } of commands) {
      expect(text).toMatch(new RegExp(`^ +sd-cli ${name}\\b`, 'm'))
      expect(summary).not.toMatch(/\.$/)
    }
    expect(await helpOf('--help')).toBe(text)
    expect(await helpOf('-H')).toBe(text)
  })

  test.each(commands.map(({ name }) => name))('of %s begins with examples of it', async (name) => {
    const text = await helpOf(name, '--help')
    expect(text).toMatch(new RegExp(`^Examples:\n {2}sd-cli ${name}`))
    expect(text).toContain(`Usage: sd-cli ${name}`)
    expect(text).toContain('--json')
  })
})

describe('a wrong command line', () => {
  test.each([
    [['strt'], /There is no command "strt"\. Did you mean "start"\? See: sd-cli --help/],
    [
      ['list', '--jsom'],
      /There is no option or parameter "jsom"\. Did you mean "--json"\? See: sd-cli list --help/,
    ],
    [['stat', 'x'], /Did you mean "stats"/],
    [['strat', 'x.ts'], /Did you mean "start"/],
    [['start', fixture('ticker.ts'), '--port', '80'], /"port".* -- --port/],
    [['status'], /A parameter is missing: sd-cli status <daemon>/],
    [['logs', 'x', '-n', 'many'], /--lines must be a number/],
    [['logs', 'x', '-n', '-1'], /--lines .* \(-1\)/],
    [['status', 'x', '-n', '1.5'], /--lines .* \(1\.5\)/],
    [['stop', 'x', '-p', 'a', '-p', 'b'], /--pid-file is given twice\. See: sd-cli stop --help/],
    [['run', 'x.ts', '--install'], /--install goes with -I TEMPLATE, and does nothing without it/],
    [['run', 'x.ts', '--cwd', '/'], /--cwd goes with -d/],
    [['stop', 'x', '--timeout'], /Not enough arguments following: timeout/],
    [['stop', 'x', '--timeout', '-1'], /--timeout must be a number of seconds, 0 for no limit, not "-1"/],
    [['restart', 'x', '--timeout', '-1'], /--timeout must be a number of seconds/],
    [['signal', 'x', 'NOTHING'], /There is no signal "NOTHING"/],
    [['signal', 'x', 'sigterrm'], /There is no signal "sigterrm"\. Did you mean "SIGTERM"\?/],
    [['status', 'a', 'b'], /There is no option or parameter "b"/],
  ])('%j is explained, in words and as JSON', async (words, message) => {
    const result = await runCli(place, words)
    expect(result.stderr).toMatch(message)
    expect(result).toMatchObject({ code: 2, stdout: '' })
    const asJson = await runCli(place, [...words, '--json'])
    expect(asJson.json()).toMatchObject({
      error: { code: 'SD_CLI_USAGE', message: expect.stringMatching(message) },
    })
    expect(asJson).toMatchObject({ code: 2, stderr: '' })
  })
})

test('what follows -- is refused where it would mean nothing', async () => {
  const { code, stderr } = await runCli(place, ['stop', 'x', '--', 'y'])
  expect(stderr).toBe('Error: "stop" takes nothing behind "--". See: sd-cli stop --help\n')
  expect(code).toBe(2)
})

const testFull = existsSync('/dev/full') ? test : test.skip
testFull('what cannot be written is an error', async () => {
  const command = ['sh', '-c', 'exec "$@" > /dev/full', 'sh', ...cliCommand]
  for (const words of [['list', '--json'], ['status', 'nobody'], ['--help']]) {
    const { code, stderr } = await runCli(place, words, { command })
    expect(stderr).toMatch(/^Error: What was found cannot be written: ENOSPC/)
    expect(code).toBe(1)
  }
})

test('the version is told', async () => {
  const manifest = new URL('../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  expect(await runCli(place, ['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  expect((await runCli(place, ['--json', '--version'])).json()).toEqual({ version, node: process.version })
  expect(await helpOf()).toContain('--version')
})

test('a list of no daemons is empty, and no error', async () => {
  expect(await runCli(place, ['list', '--json'])).toMatchObject({ code: 0, stdout: '[]\n' })
  expect(await runCli(place, ['list'])).toMatchObject({ code: 0, stdout: '' })
})

test('what is not running has an exit code of its own', async () => {
  const { code, stderr } = await runCli(place, ['logs', 'nobody'])
  expect({ code, stderr }).toEqual({ code: 7, stderr: 'Error: nobody is not running.\n' })
})
