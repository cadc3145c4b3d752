import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { reservedOptions } from '@sd/core'
import { waitUntil } from '@sd/testing'
import { ownOptions } from '../src/run/read-own-words.ts'
import { fixture, runCli } from './run-cli.ts'
import { usePlace } from './use-place.ts'

const place = usePlace()
const file = fixture('optioned.ts')
const cli = (...words: string[]) => runCli(place, words)
const own = (...words: string[]) =>
  runCli(place, words, { command: [process.execPath, '-C', '@sd/source', file] })
const log = (): string => {
  const path = join(place.logDirectory, 'optioned.log')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
const expectStarts = async (times: number): Promise<void> => {
  const wanted = 'args {"port":80,"dryRun":true}, worker: its port is 80'
  await waitUntil(() => log().split(wanted).length - 1 === times, `${times} of ${wanted}`, 30_000)
}

describe("a daemon's own options", () => {
  test('are given to start before and after "--", and kept over a restart', async () => {
    expect(await cli('start', file, '--port', '80', '--verbose', '--', '--dry-run')).toMatchObject({
      code: 0,
    })
    await expectStarts(1)
    // With the preflight check of what comes next.
    expect(await cli('restart', 'optioned')).toMatchObject({ code: 0 })
    await expectStarts(2)
    expect(await cli('stop', 'optioned')).toMatchObject({ code: 0 })
  })

  test("are given to the daemon's own file among our switches", async () => {
    expect(await own('--port=80', '-d', '--dry-run')).toMatchObject({ code: 0 })
    await expectStarts(1)
    expect(await cli('restart', 'optioned')).toMatchObject({ code: 0 })
    await expectStarts(2)
    expect(await cli('stop', 'optioned')).toMatchObject({ code: 0 })
  })

  test.each([['-h'], ['-H'], ['--help']])('are shown by %s, also where one is missing', async (word) => {
    for (const help of await Promise.all([own(word), cli('run', file, word)])) {
      expect(help).toMatchObject({ code: 0, stderr: '' })
      expect(help.stdout).toMatch(/--port NUMBER +Where it listens \(required\)/)
      expect(help.stdout).toMatch(/--dry-run/)
      expect(help.stdout).toMatch(/--pid-file/)
    }
  })

  test('are checked wherever they are given', async () => {
    const wrong: [words: string[], option: string][] = [
      [['--prot', '80'], 'prot'],
      [['--port', 'abc'], 'port'],
      [['--port', '80', '--verbos'], 'verbos'],
      [[], 'port'],
    ]
    for (const [words, option] of wrong) {
      const [first, ...results] = await Promise.all([
        own(...words, '--json'),
        cli('run', file, ...words, '--json'),
        cli('start', file, '--json', '--', ...words),
      ])
      // Its file reads them before it gives us a say.
      expect(first).toMatchObject({ code: option === 'verbos' ? 2 : 1 })
      expect(first!.stdout + first!.stderr).toContain(`--${option}`)
      for (const result of results) {
        expect(result.code).toBe(2)
        expect(result.json()).toMatchObject({ error: { code: 'SD_CORE_ARGUMENTS', option } })
      }
    }
  })

  test('cannot have the names of our own switches', () => {
    const names = Object.entries(ownOptions).flatMap(([name, { alias }]) => [name, alias ?? name])
    expect(new Set(names.filter((name) => name.length > 1))).toEqual(reservedOptions)
  })
})
