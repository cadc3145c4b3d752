import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { readIdentity } from '@sd/core/process-identity'
import { createSandbox, type Sandbox } from '@sd/testing'
import {
  formatPidFile,
  isPidAlive,
  ownPidRecord,
  parsePidFile,
  readPidFile,
} from '../src/pid-file/pid-file.ts'
import { removeDeadPidFile } from '../src/pid-file/remove-dead-pid-file.ts'
import { removePidFile, writePidFile } from '../src/pid-file/write-pid-file.ts'
import { fixture, type Place, placeOf, runCli } from './run-cli.ts'

// Each command is a process, and a machine may have many.
jest.setTimeout(240_000)

let sandbox: Sandbox
let place: Place
let path: string
let stranger: ChildProcess

beforeEach(() => {
  sandbox = createSandbox()
  place = placeOf(sandbox)
  path = join(sandbox.dir, 'my.pid')
  stranger = spawn('sleep', ['1000'], { env: { ...process.env, ...sandbox.env } })
})

afterEach(async () => {
  // Nobody has signalled it.
  expect(readIdentity(stranger.pid!)).toBeDefined()
  const gone = new Promise((resolve) => stranger.once('exit', resolve))
  stranger.kill()
  await gone
  await sandbox.assertNothingLeft()
})

const own = () => ownPidRecord('file:///srv/my%20daemon.ts')
/** What is left of a daemon whose pid somebody else has now. */
const recycled = () => ({ ...own(), pid: stranger.pid!, startTime: '1' })
const isRoot = process.getuid?.() === 0

describe('a pid file', () => {
  test('holds pid, start time, boot and program, and is for its owner only', () => {
    writePidFile(path, own())
    expect(readFileSync(path, 'utf8')).toMatch(
      new RegExp(
        `^${process.pid}\nstarted:\\d+:[\\w-]+\nprogram:file:///srv/my%20daemon.ts\n(namespace:pid:\\[\\d+\\]\n)?$`,
      ),
    )
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readPidFile(path)).toEqual(own())
    expect(isPidAlive(own())).toBe(true)
    for (let time = 0; time < 2; time++) removePidFile(path, own())
    expect(existsSync(path)).toBe(false)
  })

  test('gives kill one pid and nothing else that it could take for one', () => {
    const words = formatPidFile(own()).split(/\s+/).filter(Boolean)
    expect(words.filter((word) => /^-?\d+$/.test(word))).toEqual([String(process.pid)])
  })

  test.each(['', '\n', '\0'.repeat(16 * 1024)])(
    'that is empty, after a crash for instance, is replaced',
    (text) => {
      writeFileSync(path, text, { mode: 0o600 })
      expect(readPidFile(path)).toBeUndefined()
      writePidFile(path, own())
      expect(readPidFile(path)).toEqual(own())
      expect(readdirSync(sandbox.dir)).toEqual(['my.pid'])
    },
  )

  if (isRoot && process.platform === 'linux') {
    test('that finds no room leaves nothing', () => {
      const full = join(sandbox.dir, 'full')
      mkdirSync(full)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k,mode=700', 'tmpfs', full])
      try {
        writeFileSync(join(full, 'filler'), 'x'.repeat(4096))
        const file = join(full, 'my.pid')
        expect(() => writePidFile(file, own())).toThrow(expect.objectContaining({ code: 'SD_CLI_PID_FILE' }))
        expect(readdirSync(full)).toEqual(['filler'])
        rmSync(join(full, 'filler'))
        writePidFile(file, own())
        expect(readPidFile(file)).toEqual(own())
      } finally {
        execFileSync('umount', [full])
      }
    })
  }

  test.each(['garbage', '0\n', '-1\n', '1', '1\nstarted:', '4711 \nstarted:1:x\n', '1e3\nstarted:1:x\n'])(
    'that holds %j is not believed, and not overwritten',
    (text) => {
      expect(parsePidFile(text)).toBeUndefined()
      writeFileSync(path, text, { mode: 0o600 })
      const error = expect.objectContaining({ code: 'SD_CLI_PID_FILE' })
      expect(() => readPidFile(path)).toThrow(error)
      expect(() => writePidFile(path, own())).toThrow(error)
      removePidFile(path, own())
      expect(readFileSync(path, 'utf8')).toBe(text)
    },
  )

  test('that is a link is neither followed nor replaced', () => {
    const target = join(sandbox.dir, 'target')
    writeFileSync(target, formatPidFile(own()), { mode: 0o600 })
    symlinkSync(target, path)
    expect(() => readPidFile(path)).toThrow(/it is a symbolic link/)
    expect(() => writePidFile(path, own())).toThrow(/it is a symbolic link/)
    removePidFile(path, own())
    symlinkSync(join(sandbox.dir, 'nowhere'), join(sandbox.dir, 'dangling.pid'))
    expect(() => writePidFile(join(sandbox.dir, 'dangling.pid'), own())).toThrow(/symbolic link/)
    expect(existsSync(join(sandbox.dir, 'nowhere'))).toBe(false)
    expect(existsSync(target)).toBe(true)
  })

  test('that is a pipe or a device blocks nobody', () => {
    execFileSync('mkfifo', ['-m', '600', path])
    expect(() => readPidFile(path)).toThrow(/it is a named pipe/)
    expect(() => readPidFile('/dev/zero')).toThrow(/it is a device/)
  })

  test('that is a socket is called so', async () => {
    const server = createServer().listen(path)
    await once(server, 'listening')
    expect(() => readPidFile(path)).toThrow(
      expect.objectContaining({
        code: 'SD_CLI_PID_FILE',
        message: expect.stringContaining('it is a socket'),
      }),
    )
    server.close()
    await once(server, 'close')
  })

  test.each([0o777, 0o1777, 0o775])('in a directory with mode %o is refused', (mode) => {
    const directory = join(sandbox.dir, 'open')
    mkdirSync(directory)
    writePidFile(join(directory, 'my.pid'), own())
    chmodSync(directory, mode)
    expect(() => writePidFile(join(directory, 'other.pid'), own())).toThrow(
      /others can write to the directory .*chmod go-w/,
    )
    expect(() => readPidFile(join(directory, 'my.pid'))).toThrow(/others can write to the directory/)
  })

  test('that others can write is not believed', () => {
    writePidFile(path, own())
    chmodSync(path, 0o666)
    expect(() => readPidFile(path)).toThrow(/others can write to it/)
  })

  if (isRoot) {
    test('of somebody else is not believed, and nothing is written to their directory', () => {
      writePidFile(path, own())
      chownSync(path, 65_534, 65_534)
      expect(() => readPidFile(path)).toThrow(/it belongs to user id 65534/)
      mkdirSync(join(sandbox.dir, 'theirs'))
      chownSync(join(sandbox.dir, 'theirs'), 65_534, 65_534)
      expect(() => writePidFile(join(sandbox.dir, 'theirs', 'my.pid'), own())).toThrow(
        /belongs to user id 65534/,
      )
      // Whose directory is above can put another one in its place.
      mkdirSync(join(sandbox.dir, 'theirs', 'ours'))
      expect(() => writePidFile(join(sandbox.dir, 'theirs', 'ours', 'my.pid'), own())).toThrow(
        expect.objectContaining({
          code: 'SD_CLI_PID_FILE',
          message: expect.stringContaining(join(sandbox.dir, 'theirs: ')),
        }),
      )
    })
  }

  test('of a process that lives is respected, of one that has ended replaced', () => {
    const alive = { ...own(), ...readIdentity(stranger.pid!)! }
    writePidFile(path, alive)
    expect(() => writePidFile(path, own())).toThrow(
      expect.objectContaining({ code: 'SD_CLI_PID_FILE_HELD', pid: stranger.pid }),
    )
    removePidFile(path, own())
    expect(readPidFile(path)).toEqual(alive)
    removePidFile(path, alive)
    writePidFile(path, recycled())
    expect(isPidAlive(recycled())).toBe(false)
    writePidFile(path, own())
    expect(readPidFile(path)).toEqual(own())
    const otherBoot = { ...own(), boot: 'another' }
    expect(isPidAlive(otherBoot)).toBe(false)
  })

  test('of another container is replaced with a word, and names no process here', () => {
    // Its pid is that of a process here, which also started in the same tick.
    const elsewhere = { ...own(), ...readIdentity(stranger.pid!)!, namespace: 'pid:[1]' }
    writePidFile(path, elsewhere)
    expect(readPidFile(path)).toEqual(elsewhere)
    expect(isPidAlive(elsewhere)).toBe(false)
    expect(writePidFile(path, own())).toEqual(elsewhere)
    expect(readPidFile(path)).toEqual(own())
    removePidFile(path, elsewhere)
    expect(writePidFile(path, own())).toBeUndefined()
    // Also where the pid is our own.
    const sameNumber = { ...own(), namespace: 'pid:[1]' }
    removePidFile(path, own())
    writePidFile(path, sameNumber)
    expect(writePidFile(path, own())).toEqual(sameNumber)
    expect(readPidFile(path)).toEqual(own())
  })

  test('that somebody else has made meanwhile is not taken for the dead one', () => {
    writePidFile(path, own())
    const before = statSync(path).ino
    expect(removeDeadPidFile(path, recycled())).toBe(false)
    expect(statSync(path).ino).toBe(before)
    expect(removeDeadPidFile(join(sandbox.dir, 'none.pid'), recycled())).toBe(false)
    expect(readdirSync(sandbox.dir).filter((name) => name.endsWith('.old'))).toEqual([])
  })
})

describe('commands that find a process by its pid file', () => {
  test.each([
    ['names a stranger', () => formatPidFile(recycled())],
    [
      'is of another boot',
      () => formatPidFile({ ...own(), ...readIdentity(stranger.pid!)!, boot: 'another' }),
    ],
    ['holds nothing but a pid', () => `${stranger.pid}\n`],
  ])('signal nobody where it %s', async (_, text) => {
    writeFileSync(path, text(), { mode: 0o600 })
    expect((await runCli(place, ['stop', 'subject', '-p', path, '--force'])).code).toBe(0)
    expect((await runCli(place, ['signal', 'subject', 'KILL', '-p', path])).code).toBe(7)
    expect((await runCli(place, ['restart', 'subject', '-p', path])).code).toBe(7)
  })

  test('say why they do not believe one that was named', async () => {
    writeFileSync(path, 'garbage', { mode: 0o600 })
    const { code, stdout, stderr } = await runCli(place, ['stop', 'subject', '-p', path])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'subject is not running.\n' })
    expect(stderr).toMatch(/^The pid file .*my\.pid is not used: it was not written by sd-cli/)
  })

  test('a start says what is wrong with the place of its pid file', async () => {
    mkdirSync(join(sandbox.dir, 'open'))
    chmodSync(join(sandbox.dir, 'open'), 0o777)
    const { code, stderr } = await runCli(place, [
      'start',
      fixture('ticker.ts'),
      '-p',
      join(sandbox.dir, 'open', 'my.pid'),
    ])
    expect(stderr).toMatch(/the pid file .* cannot be written: others can write to the directory/)
    expect(code).toBe(1)
  })
})
