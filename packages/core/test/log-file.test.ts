import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, FakeClock, type Sandbox, waitUntil } from '@sd/testing'
import { LogFile } from '../src/log/log-file.ts'

describe('the log file', () => {
  let sandbox: Sandbox
  let clock: FakeClock
  let failures: string[]

  beforeEach(() => {
    sandbox = createSandbox()
    clock = new FakeClock(new Date('2026-01-01T10:03:00Z'))
    failures = []
  })

  afterEach(async () => {
    expect(openDescriptors(sandbox.dir)).toEqual([])
    await sandbox.assertNothingLeft()
  })

  const path = (name: string): string => join(sandbox.dir, name)
  const read = (name: string): string => fs.readFileSync(path(name), 'utf8')

  function openLog(fileName: string | (() => string)): LogFile {
    return new LogFile({
      clock,
      fileName: typeof fileName === 'string' ? () => fileName : fileName,
      header: 'HEADER\n',
      note: (message) => `note: ${message}\n`,
      onFailure: (error, name) => failures.push(`${name}: ${error.message}`),
    })
  }

  test('begins with the header, and only when it is new', async () => {
    for (const text of ['one\n', 'two\n']) {
      const log = openLog(path('a.log'))
      log.write(text)
      await log.close()
    }
    expect(read('a.log')).toBe('HEADER\none\ntwo\n')
  })

  test('is not created before there is something to write, and its directory is', async () => {
    const log = openLog(path('deep/er/a.log'))
    await log.flush()
    expect(fs.readdirSync(sandbox.dir)).toEqual([])
    log.write('one\n')
    await log.close()
    expect(read('deep/er/a.log')).toBe('HEADER\none\n')
  })

  test('is for its owner and its group to read, after a change of its name, too', async () => {
    const before = process.umask(0)
    try {
      let name = 'a.log'
      const log = openLog(() => path(name))
      log.write('one\n')
      await log.flush()
      name = 'b.log'
      await clock.advance(5 * 60_000)
      log.write('two\n')
      await log.close()
      log.write('last\n')
      for (const file of ['a.log', 'b.log']) expect(fs.statSync(path(file)).mode & 0o777).toBe(0o640)
      expect(read('b.log')).toContain('last')
    } finally {
      process.umask(before)
    }
  })

  test('is not written through a link, nor is what the link leads to changed', async () => {
    fs.writeFileSync(path('precious'), 'precious', { mode: 0o600 })
    fs.symlinkSync(path('precious'), path('a.log'))
    fs.symlinkSync(path('new'), path('b.log'))
    for (const name of ['a.log', 'b.log']) {
      const log = openLog(path(name))
      log.write('one\n')
      await log.flush()
      log.flushNow()
      await log.close()
      log.write('last\n')
    }
    expect(read('precious')).toBe('precious')
    expect(fs.statSync(path('precious')).mode & 0o777).toBe(0o600)
    expect(fs.existsSync(path('new'))).toBe(false)
    expect(failures).toEqual(
      ['a.log', 'b.log'].map((name) => expect.stringMatching(`${name} is a symbolic link`)),
    )
  })

  const testAsRoot = process.getuid?.() === 0 ? test : test.skip

  testAsRoot('is not written to a file that another user has put where everybody can', async () => {
    fs.mkdirSync(path('open'))
    fs.chmodSync(path('open'), 0o1777)
    fs.writeFileSync(path('open/a.log'), '', { mode: 0o666 })
    fs.chownSync(path('open/a.log'), 54_321, 54_321)
    const log = openLog(path('open/a.log'))
    log.write('one\n')
    await log.flush()
    log.flushNow()
    await log.close()
    expect(read('open/a.log')).toBe('')
    // Where the system has fs.protected_regular, it refuses that itself.
    expect(failures).toEqual([expect.stringMatching(/belongs to user id 54321|EACCES/)])
    // What is there by right is used.
    fs.chownSync(path('open/a.log'), 0, 0)
    const own = openLog(path('open/a.log'))
    own.write('two\n')
    await own.close()
    expect(read('open/a.log')).toBe('HEADER\ntwo\n')
  })

  test('keeps the order and loses nothing, at whatever rate', async () => {
    const log = openLog(path('a.log'))
    const expected: string[] = []
    for (let number = 0; number < 5000; number++) {
      const line = `${number} ${'x'.repeat(number % 200)}\n`
      expected.push(line)
      log.write(line)
      if (number % 100 === 0) await sleep(1)
    }
    await log.close()
    expect(read('a.log')).toBe(`HEADER\n${expected.join('')}`)
  })

  test('asks for its name at the start and on each 5-minute boundary', async () => {
    const asked: string[] = []
    const log = openLog(() => {
      const at = clock.date().toISOString().slice(11, 16).replace(':', '-')
      asked.push(at)
      return path(`${at}.log`)
    })
    for (let minute = 3; minute <= 11; minute++) {
      log.write(`minute ${minute}\n`)
      await log.flush()
      await clock.advance(60_000)
    }
    await log.close()
    expect(asked).toEqual(['10-03', '10-05', '10-10'])
    expect(read('10-03.log')).toBe('HEADER\nminute 3\nminute 4\n')
    expect(read('10-05.log')).toBe('HEADER\nminute 5\nminute 6\nminute 7\nminute 8\nminute 9\n')
    expect(read('10-10.log')).toBe('HEADER\nminute 10\nminute 11\n')
  })

  test.each(['moved', 'removed'])('is opened anew when it was %s', async (what) => {
    const log = openLog(path('a.log'))
    log.write('one\n')
    await log.flush()
    if (what === 'moved') fs.renameSync(path('a.log'), path('a.log.1'))
    else fs.rmSync(path('a.log'))
    await clock.advance(2000)
    log.write('two\n')
    await log.close()
    expect(read('a.log')).toBe('HEADER\ntwo\n')
    if (what === 'moved') expect(read('a.log.1')).toBe('HEADER\none\n')
  })

  test('that cannot be opened drops and counts, and says so when it can be', async () => {
    fs.writeFileSync(path('in-the-way'), '')
    const log = openLog(path('in-the-way/a.log'))
    for (const text of ['one\n', 'two\n']) log.write(text)
    await log.flush()
    await clock.advance(5000)
    await log.flush()
    expect(log.dropped).toBe(2)
    expect(failures).toEqual([expect.stringMatching(/in-the-way\/a.log: (EEXIST|ENOTDIR)/)])
    log.write('three\nwith two lines\n')
    await clock.advance(1000)
    await log.flush()
    await waitUntil(() => log.dropped === 3, 'three are dropped')
    fs.rmSync(path('in-the-way'))
    await clock.advance(1000)
    await waitUntil(() => log.dropped === 0, 'the count is written')
    log.write('four\n')
    await log.close()
    expect(read('in-the-way/a.log')).toBe(
      'HEADER\nnote: 3 log messages were dropped because the log could not be written.\nfour\n',
    )
    expect(failures).toHaveLength(1)
  })

  test('whose name cannot be had is a file that cannot be written', async () => {
    let broken = true
    const log = openLog(() => {
      if (broken) throw new Error('no name')
      return path('a.log')
    })
    log.write('one\n')
    await log.flush()
    expect([log.dropped, failures]).toEqual([1, [expect.stringMatching(/logFile\(\).*no name/)]])
    broken = false
    await clock.advance(1000)
    await log.close()
    expect(read('a.log')).toBe(
      'HEADER\nnote: 1 log message was dropped because the log could not be written.\n',
    )
  })

  test('on a full disk drops, counts, and closes', async () => {
    const log = openLog('/dev/full')
    for (let number = 0; number < 100; number++) log.write(`${number}\n`)
    await log.flush()
    expect(log.dropped).toBe(100)
    for (let number = 0; number < 10; number++) log.write(`${number}\n`)
    log.flushNow()
    await log.close()
    log.write('late\n')
    expect(log.dropped).toBe(111)
    expect(failures).toEqual([expect.stringMatching(/\/dev\/full: ENOSPC/)])
  })

  test('holds a bounded amount while the disk fails', async () => {
    const log = openLog('/dev/full')
    log.write('first\n')
    await log.flush()
    const megabyte = 'x'.repeat(1024 * 1024)
    for (let number = 0; number < 50; number++) log.write(megabyte)
    expect(log.dropped).toBe(1 + 46)
    await log.close()
    expect(log.dropped).toBe(51)
  })

  test.each([
    ['many lines', 200_000, 100],
    ['a few large ones', 4, 8_000_000],
  ])('takes %s of one turn, and loses nothing while the disk can take it', async (_, count, size) => {
    const log = openLog(path('a.log'))
    const line = (number: number): string => `${number} ${'x'.repeat(size)}\n`
    log.write('first\n')
    await new Promise((resolve) => setImmediate(resolve))
    let length = 'HEADER\nfirst\n'.length
    for (let number = 0; number < count; number++) {
      log.write(line(number))
      length += line(number).length
    }
    await log.close()
    const lines = read('a.log').split('\n')
    expect([lines.length, read('a.log').length]).toEqual([count + 3, length])
    expect(lines.slice(2, -1).every((text, number) => text.startsWith(`${number} `))).toBe(true)
  })

  test('asks a writer that can wait to do so, until there is room', async () => {
    const log = openLog(path('a.log'))
    log.write('x'.repeat(1000))
    expect(log.room()).toBeUndefined()
    log.write('x'.repeat(1_000_000))
    await log.room()
    expect(log.room()).toBeUndefined()
    expect(read('a.log').length).toBeGreaterThan(1_000_000)
    await log.close()
  })

  test('says what was dropped where it is missing', async () => {
    let name = '/dev/full'
    const log = openLog(() => name)
    log.write('lost\n')
    await log.flush()
    log.write('kept\n')
    log.write('x'.repeat(5_000_000))
    log.write('kept, too\n')
    name = path('a.log')
    clock.skip(5 * 60_000)
    await log.close()
    expect(read('a.log').match(/^(?!HEADER).*\n/gm)).toEqual([
      expect.stringMatching(/^note: 1 log message was dropped/),
      'kept\n',
      expect.stringMatching(/^note: 1 log message was dropped/),
      'kept, too\n',
    ])
  })

  test('tries once more when it is closed while the disk fails', async () => {
    let name = '/dev/full'
    const log = openLog(() => name)
    log.write('lost\n')
    await log.flush()
    log.write('kept\n')
    name = path('a.log')
    clock.skip(5 * 60_000)
    await log.close()
    expect(read('a.log')).toBe(
      'HEADER\nnote: 1 log message was dropped because the log could not be written.\nkept\n',
    )
  })

  test('is not blocked by a named pipe that nobody reads', async () => {
    execFileSync('mkfifo', [path('pipe')])
    const log = openLog(path('pipe'))
    log.write('lost\n')
    await log.flush()
    expect(failures).toEqual([expect.stringMatching(/named pipe/)])
    const reader = spawn('cat', [path('pipe')])
    let text = ''
    reader.stdout.on('data', (chunk) => {
      text += chunk
    })
    // Once the reader is there a writer can come; this one stays, or the reader would be done.
    const writer = await waitForReader(path('pipe'))
    log.write('kept\n')
    await clock.advance(1000)
    await log.close()
    fs.closeSync(writer)
    await once(reader, 'close')
    expect(text).toBe('note: 1 log message was dropped because the log could not be written.\nkept\n')
  })

  test('says what lies where its file belongs', async () => {
    fs.mkdirSync(path('taken'))
    const log = openLog(path('taken'))
    log.write('lost\n')
    await log.close()
    expect(failures).toEqual([expect.stringMatching(/is a directory\. Name another file/)])
  })

  test('counts what was lost of a write that the disk took in part', async () => {
    // A pipe of 64 KiB that nobody empties takes the first lines, and refuses the rest.
    execFileSync('mkfifo', [path('pipe')])
    const reader = fs.openSync(path('pipe'), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    const log = openLog(path('pipe'))
    const line = `${'x'.repeat(999)}\n`
    for (let number = 0; number < 100; number++) log.write(line)
    await log.flush()
    const taken = Buffer.alloc(200_000)
    const size = fs.readSync(reader, taken)
    expect(size).toBeLessThan(100_000)
    expect(log.dropped).toBe(100 - Math.floor(size / 1000))
    fs.closeSync(reader)
    await log.close()
  })

  test('writes at once what comes at the last moment, header included', async () => {
    const log = openLog(path('sub/a.log'))
    log.write('one\n')
    log.flushNow()
    expect(read('sub/a.log')).toBe('HEADER\none\n')
    await log.close()
    log.write('after the end\n')
    expect(read('sub/a.log')).toBe('HEADER\none\nafter the end\n')
  })

  test('loses and doubles nothing when flushed at once in the middle of writing', async () => {
    for (let round = 0; round < 50; round++) {
      const log = openLog(path(`${round}.log`))
      log.write('one\n')
      for (let turn = 0; turn < round % 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      log.write('two\n')
      log.flushNow()
      log.write('three\n')
      await log.close()
      const lines = read(`${round}.log`).split('\n')
      expect(lines[0]).toBe('HEADER')
      expect(lines.filter((line) => /^[a-z]/.test(line)).sort()).toEqual(['one', 'three', 'two'])
    }
  })
})

/** The files under a directory that this process has open. */
function openDescriptors(directory: string): string[] {
  if (process.platform !== 'linux') return []
  return fs
    .readdirSync('/proc/self/fd')
    .map((descriptor) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${descriptor}`)
      } catch {
        return ''
      }
    })
    .filter((target) => target.startsWith(directory))
}

/** Opens a named pipe for writing as soon as somebody reads it. */
async function waitForReader(pipe: string): Promise<number> {
  let descriptor = -1
  await waitUntil(() => {
    try {
      descriptor = fs.openSync(pipe, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK)
      return true
    } catch {
      return false
    }
  }, 'the pipe has a reader')
  return descriptor
}
