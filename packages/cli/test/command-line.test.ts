import { describe, expect, test } from '@jest/globals'

import { commands } from '../src/command-list.ts'
import { readWords } from '../src/read-words.ts'
import { runCli } from './run-cli.ts'
import { usePlace } from './use-place.ts'

const place = usePlace()

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
    expect(text).toMatch(/^Examples:\nsd-cli start poller\.ts/)
    for (const { name, summary } of commands) {
      expect(text).toMatch(new RegExp(`^ +sd-cli ${name}\\b`, 'm'))
      expect(summary).not.toMatch(/\.$/)
    }
    expect(await helpOf('--help')).toBe(text)
    expect(await helpOf('-H')).toBe(text)
  })

  test.each(commands.map(({ name }) => name))('of %s begins with examples of it', async (name) => {
    const text = await helpOf(name, '--help')
    expect(text).toMatch(new RegExp(`^Examples:\nsd-cli ${name}`))
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
    [['status'], /A parameter is missing: sd-cli status <daemon>/],
    [['logs', 'x', '-n', 'many'], /--lines must be a number/],
    [['stop', 'x', '--timeout'], /Not enough arguments following: timeout/],
    [['signal', 'x', 'NOTHING'], /There is no signal "NOTHING"/],
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

test('a list of no daemons is empty, and no error', async () => {
  expect(await runCli(place, ['list', '--json'])).toMatchObject({ code: 0, stdout: '[]\n' })
  expect(await runCli(place, ['list'])).toMatchObject({ code: 0, stdout: '' })
})

test('what is not running has an exit code of its own', async () => {
  const { code, stderr } = await runCli(place, ['logs', 'nobody'])
  expect({ code, stderr }).toEqual({ code: 7, stderr: 'Error: nobody is not running.\n' })
})
