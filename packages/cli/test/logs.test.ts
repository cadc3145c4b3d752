import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { createDaemon, type LogRecord } from '@sd/core'
import { parseLogLines } from '../src/logs/parse-log-lines.ts'
import { readLogTail } from '../src/logs/read-log-tail.ts'
import { runCli } from './run-cli.ts'
import { usePlace } from './use-place.ts'

const place = usePlace()

const cli = (...words: string[]) => runCli(place, words)
const logFile = () => join(place.logDirectory, 'gone.log')
const readLines = (count: number) => readLogTail({ logFile: logFile(), owner: process.getuid!() }, count)!

beforeEach(() => mkdirSync(place.logDirectory, { mode: 0o700 }))

describe('the last lines of a file', () => {
  test('are few where none ends: a huge file of another user does not fill the memory', () => {
    writeFileSync(logFile(), '')
    truncateSync(logFile(), 8 * 1024 ** 3)
    const lines = readLines(5)
    expect(lines).toHaveLength(1)
    expect(lines[0]!.length).toBeLessThanOrEqual(64 * 1024 * 1024)
  })

  test.each([
    ['nothing', '', 5, []],
    ['fewer than wanted', 'a\nb\n', 5, ['a', 'b']],
    ['as many', 'a\nb\n', 2, ['a', 'b']],
    ['more', 'a\nb\nc\n', 2, ['b', 'c']],
    ['none wanted', 'a\nb\n', 0, []],
    ['no end of the last one', 'a\nb\nc', 2, ['b', 'c']],
  ])('%s', (_, text, count, expected) => {
    writeFileSync(logFile(), text)
    expect(readLines(count)).toEqual(expected)
  })

  test('are found however long they are, without reading the rest', () => {
    const long = 'ä'.repeat(100_000)
    writeFileSync(logFile(), `first\n${long}\n${long}2\nlast\n`)
    expect(readLines(3)).toEqual([long, `${long}2`, 'last'])
    expect(readLines(100)).toHaveLength(4)
  })
})

describe('the lines of a file', () => {
  test('are the records again that were logged', async () => {
    const records: LogRecord[] = []
    const daemon = createDaemon({ name: 'gone', interval: null, signals: false, logFile })
    daemon.on('log', (record) => records.push(record))
    daemon.execute((daemon) => {
      daemon.log('several\n  lines\n\nof it')
      daemon.log(' begins with a space', 'crunch #1')
      daemon.log('', 'a-very-long-label-indeed')
      void daemon.stop()
    })
    await daemon.run()
    const filed = parseLogLines(readLines(100))
    expect(filed).toEqual(
      records.map((record) => ({ ...record, time: record.time.toISOString(), level: null })),
    )
    expect(filed).toHaveLength(5)
  })

  test('are messages where they are no log of ours', () => {
    const none = { time: null, pid: null, label: null, level: null }
    const lines = [
      '{"level":30}',
      '   at x',
      '2026-13',
      '2026-13-45 10:00:00.000  1234    poller           x',
    ]
    expect(parseLogLines(lines)).toEqual(lines.map((message) => ({ ...none, message })))
  })
})

describe('of a daemon that does not run', () => {
  beforeEach(() => writeFileSync(logFile(), '1\n2\n3\n'))

  test.each([
    ['0', ''],
    ['2', '2\n3\n'],
    ['1000000000', '1\n2\n3\n'],
  ])('-n %s shows as many lines as there are', async (count, stdout) => {
    expect(await cli('logs', 'gone', '-n', count)).toMatchObject({ code: 0, stdout })
  })

  test('it is said that there are more than can be shown', async () => {
    writeFileSync(logFile(), 'x\n'.repeat(100_001))
    const { code, stdout, stderr } = await cli('logs', 'gone', '-n', '200000')
    expect({ code, length: stdout.length }).toEqual({ code: 0, length: 200_000 })
    expect(stderr).toMatch(/100000 .* 200000/)
    expect((await cli('logs', 'gone', '-n', '100000')).stderr).not.toContain('100000')
  })

  test('nothing is followed, and that is said', async () => {
    const { code, stdout, stderr } = await cli('logs', 'gone', '-f', '-n', '1')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '3\n' })
    expect(stderr).toBe(`gone does not run, and cannot be followed. From ${logFile()}:\n`)
    const lines = (await cli('logs', 'gone', '-f', '--json', '-n', '2')).stdout.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['2', '3'])
  })

  test('it is said where else something was printed', async () => {
    writeFileSync(join(place.logDirectory, 'gone.out'), 'a crash\n')
    const { stderr } = await cli('logs', 'gone')
    expect(stderr).toContain(`What it has printed besides is in ${join(place.logDirectory, 'gone.out')}\n`)
  })
})
