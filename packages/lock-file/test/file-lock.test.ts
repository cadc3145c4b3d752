import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Lease, type LockHolder } from '@sd/lock'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { fileBackend, fileLock } from '../src/index.ts'
import { nameEntry } from '../src/lock-entry.ts'
import { locateLock } from '../src/options.ts'

let sandbox: Sandbox
/** The lock of most tests. */
let place: string

beforeEach(() => {
  sandbox = createSandbox()
  place = join(sandbox.dir, 'test.lock')
})

afterEach(() => sandbox.assertNothingLeft())

const run = (name: string, ...args: string[]): Fixture =>
  runFixture(new URL(`./fixtures/${name}.ts`, import.meta.url), {
    env: { ...sandbox.env, SD_RUN_DIR: join(sandbox.dir, 'run') },
    args,
  })

const runDaemon = (options: object, ...wishes: string[]): Fixture =>
  run('daemon', JSON.stringify(options), ...wishes)

async function take(ttl = 60_000, wait = 0): Promise<Lease> {
  const lease = new Lease()
  await lease.acquire(fileBackend(place), { name: 'test', ttl, wait })
  return lease
}

async function stop(daemon: Fixture): Promise<void> {
  daemon.kill('SIGTERM')
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
}

/** The lock as the file system shows it. */
const entries = (): string[] => readdirSync(place)

/** A holder that renews its lock meanwhile has given its record another name. */
function readHolder(lock: string): LockHolder {
  for (;;) {
    try {
      return JSON.parse(readFileSync(join(lock, readdirSync(lock)[0]!), 'utf8'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

describe('a daemon', () => {
  test('keeps its lock in the run directory, where people can read it', async () => {
    const daemon = runDaemon({})
    const [, token, pid] = (await daemon.waitForLine(/^held (\d+) (\d+)$/)) as unknown as string[]
    const directory = join(sandbox.dir, 'run')
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const lock = join(directory, 'test-daemon.lock')
    expect(readdirSync(lock)).toHaveLength(1)
    const record = readHolder(lock)
    expect(record).toMatchObject({ pid: Number(pid), token: Number(token), name: 'test-daemon', ttl: 2050 })
    expect(Object.keys(record)).toEqual(expect.arrayContaining(['startTime', 'host', 'boot', 'since']))
    await stop(daemon)
    expect(readdirSync(directory)).toEqual(['test-daemon.lock.last'])
  })

  test('that is started a second time exits with 1 and names the first', async () => {
    const first = runDaemon({})
    const [, token, pid] = (await first.waitForLine(/^held (\d+) (\d+)$/)) as unknown as string[]
    const second = runDaemon({})
    expect(await second.exit).toEqual({ code: 1, signal: null })
    const printed = second.lines.join('\n')
    expect(printed).toMatch(
      new RegExp(`The lock "test-daemon" is held by process ${pid} on \\S+, since \\d{4}-`),
    )
    expect(printed).toContain(join(sandbox.dir, 'run', 'test-daemon.lock'))
    expect(printed).not.toContain('held by process undefined')
    const standby = runDaemon({ wait: 60_000 })
    await standby.waitForLine(/Waiting for the lock/)
    await stop(first)
    const [, next] = (await standby.waitForLine(/^held (\d+)/)) as unknown as string[]
    expect(Number(next)).toBe(Number(token) + 1)
    await stop(standby)
  })

  test('has worker processes that run the same file, and leave the lock alone', async () => {
    const daemon = runDaemon({ file: place }, 'work', 'tell')
    await daemon.waitForLine(/^held/)
    expect(sandbox.processes()).toHaveLength(2)
    const [worker] = sandbox.processes().filter(({ pid }) => pid !== daemon.pid)
    process.kill(worker!.pid, 'SIGKILL')
    await waitUntil(() => daemon.lines.filter((line) => line === 'iteration true').length > 10)
    expect(entries()).toHaveLength(1)
    await stop(daemon)
  })

  test('gives its lock back before the last calls of its workers are over', async () => {
    const daemon = runDaemon({ file: place }, 'last call')
    await daemon.waitForLine(/^held/)
    const successor = runDaemon({ file: place, wait: 60_000 })
    await successor.waitForLine(/Waiting/)
    daemon.kill('SIGTERM')
    await successor.waitForLine(/^held/)
    expect(daemon.lines.filter((line) => line.endsWith('is done'))).toEqual([])
    writeFileSync(`${place}.go`, '')
    expect(await daemon.exit).toEqual({ code: 0, signal: null })
    expect(daemon.lines.filter((line) => line.endsWith('is done'))).toHaveLength(1)
    await stop(successor)
  })

  test('that calls process.exit() gives its lock back', async () => {
    const daemon = runDaemon({ file: place }, 'exit')
    expect((await daemon.exit).code).toBe(3)
    expect(readdirSync(sandbox.dir)).toEqual(['test.lock.last'])
  })

  test('that is killed in place of being stopped is followed at once', async () => {
    const first = runDaemon({ file: place, ttl: 600_000 })
    await first.waitForLine(/^held/)
    first.kill()
    await first.exit
    const second = runDaemon({ file: place })
    await second.waitForLine(/^held/)
    await stop(second)
  })
})

test('a process that replaced itself in place knows its lock as its own', async () => {
  const fixture = run('replace-itself', place)
  const [, pid] = (await fixture.waitForLine(/^first (\d+)/)) as unknown as string[]
  await fixture.waitForLine(new RegExp(`^second ${pid} `))
  expect(await fixture.exit).toEqual({ code: 0, signal: null })
})

describe('a lock that is held is lost at once when it is', () => {
  const ways = {
    'removed, directory and all': () => rmSync(place, { recursive: true }),
    emptied: () => rmSync(join(place, entries()[0]!)),
    'moved away': () => renameSync(place, `${place}.away`),
    'replaced by another one': (lease: Lease) => {
      rmSync(place, { recursive: true })
      mkdirSync(place)
      const other = { ...lease.holder, id: 'other', host: 'elsewhere', token: lease.token + 1 }
      writeFileSync(join(place, nameEntry(other)), JSON.stringify(other))
    },
  }
  test.each(Object.entries(ways))('%s', async (_, change) => {
    const lease = await take()
    change(lease)
    await waitUntil(() => lease.state === 'lost', 'it is lost', 1000)
    expect(lease.signal.reason).toMatchObject({ code: 'SD_LOCK_LOST' })
    const left = readdirSync(sandbox.dir, { recursive: true }).sort()
    await lease.release()
    expect(readdirSync(sandbox.dir, { recursive: true }).sort()).toEqual(left)
  })
})

test.each(['1970-01-02', '2099-01-01'])('times of files, such as %s, mean nothing', async (date) => {
  const first = await take(400)
  for (const file of [place, join(place, entries()[0]!)]) utimesSync(file, new Date(date), new Date(date))
  await expect(take()).rejects.toMatchObject({ code: 'SD_LOCK_HELD' })
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect(await first.check()).toBe(true)
  await first.release()
  const second = await take()
  expect(second.token).toBe(first.token + 1)
  await second.release()
})

test('a daemon that stands by gets its lock also when the directory around it is removed', async () => {
  const file = join(sandbox.dir, 'gone', 'test.lock')
  const first = runDaemon({ file })
  const [, token] = (await first.waitForLine(/^held (\d+)/)) as unknown as string[]
  const second = runDaemon({ file, wait: 60_000 })
  await second.waitForLine(/Waiting for the lock/)
  rmSync(join(sandbox.dir, 'gone'), { recursive: true })
  const [, nextToken] = (await second.waitForLine(/^held (\d+)/)) as unknown as string[]
  expect(Number(nextToken)).toBeGreaterThan(Number(token))
  expect((await first.exit).code).toBe(1)
  await stop(second)
})

test('whoever waits for a lock without a directory is told so', async () => {
  const backend = fileBackend(join(sandbox.dir, 'gone', 'test.lock'))
  mkdirSync(join(sandbox.dir, 'gone'))
  const first = new Lease()
  await first.acquire(fileBackend(join(sandbox.dir, 'gone', 'test.lock')), { name: 'test', ttl: 60_000 })
  const told: string[] = []
  const second = new Lease()
  const onWaiting = (message: string): void => {
    told.push(message)
    if (told.length === 1) rmSync(join(sandbox.dir, 'gone'), { recursive: true })
    else mkdirSync(join(sandbox.dir, 'gone'))
  }
  await second.acquire(backend, { name: 'test', ttl: 60_000, wait: 60_000, onWaiting })
  expect(told[1]).toBe(
    `Waiting for the lock "test": The lock ${backend.place} cannot be used: ${join(sandbox.dir, 'gone')} is gone. Make that directory.`,
  )
  await second.release()
  await first.release()
})

test('a process that exits before its token is certain does not lower the last one', async () => {
  const first = await take()
  await first.release()
  const fixture = run('exit-while-entering', place)
  expect((await fixture.exit).code).toBe(0)
  expect(fixture.lines).toEqual(['entering'])
  expect(readdirSync(sandbox.dir)).toEqual(['test.lock.last'])
  const next = await take()
  expect(next.token).toBe(first.token + 8)
  await next.release()
})

describe('what others left in the place of the lock', () => {
  test('an empty directory is a lock that somebody did not finish to give back', async () => {
    mkdirSync(place)
    const lease = await take()
    await lease.release()
    expect(readdirSync(sandbox.dir)).toEqual(['test.lock.last'])
  })

  test('an attempt that was killed is cleaned up', async () => {
    mkdirSync(`${place}.new-someone`)
    writeFileSync(join(`${place}.new-someone`, 'token-1.renewal-0.at-1.000.by-someone'), '{')
    mkdirSync(`${place}.new-other`)
    mkdirSync(`${place}.old-half-removed`)
    const lease = await take()
    expect(readdirSync(sandbox.dir)).toEqual(['test.lock'])
    await lease.release()
  })

  test('a damaged record belongs to somebody who has a ttl to show that he lives', async () => {
    mkdirSync(place)
    writeFileSync(join(place, 'token-41.renewal-3.at-12.000.by-someone'), '')
    const begin = performance.now()
    const lease = await take(500)
    expect(performance.now() - begin).toBeGreaterThan(500)
    expect(lease.token).toBeGreaterThan(41)
    await lease.release()
  })

  test('without the record of the last holder, tokens begin with the time of day, so that they still rise', async () => {
    const first = await take()
    await first.release()
    const { holder } = first
    const damaged = [NaN, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER].map((token) => ({ ...holder, token }))
    for (const text of [undefined, '{"tok', ...damaged.map((record) => JSON.stringify(record))]) {
      if (text === undefined) rmSync(`${place}.last`)
      else writeFileSync(`${place}.last`, text)
      // The time of day is a counter of milliseconds: the next one must have begun.
      while (Date.now() <= first.token) await sleep(1)
      const before = Date.now()
      const next = await take()
      expect(next.token).toBeGreaterThanOrEqual(before)
      expect(next.token).toBeGreaterThan(first.token)
      await next.release()
    }
  })

  test('a record of a lower token, written by one that overslept, does not lower the next token', async () => {
    const first = await take()
    await first.release()
    mkdirSync(place)
    const late = { ...first.holder, token: 5, startTime: '1' }
    writeFileSync(join(place, nameEntry(late)), JSON.stringify(late))
    const next = await take()
    expect(next.token).toBe(first.token + 1)
    await next.release()
  })

  test('a file that is no lock’s is not touched', async () => {
    mkdirSync(place)
    writeFileSync(join(place, 'notes.txt'), 'mine')
    await expect(take()).rejects.toMatchObject({ code: 'SD_LOCK_FILE_UNSAFE' })
    expect(entries()).toEqual(['notes.txt'])
  })

  test('a regular file is no lock', async () => {
    writeFileSync(place, 'mine')
    await expect(take()).rejects.toThrow(/is no directory/)
    expect(readFileSync(place, 'utf8')).toBe('mine')
  })

  test('a link is not followed', async () => {
    mkdirSync(join(sandbox.dir, 'target'))
    symlinkSync(join(sandbox.dir, 'target'), place)
    await expect(take()).rejects.toThrow(/it is a link. Remove it/)
  })

  test('a record that is a link is not read', async () => {
    const first = await take()
    await first.release()
    mkdirSync(place)
    symlinkSync(`${place}.last`, join(place, 'token-1.renewal-0.at-1.000.by-someone'))
    const lease = await take(300)
    await lease.release()
  })

  test('a directory in the place of the last record is refused before anybody enters', async () => {
    mkdirSync(`${place}.last`)
    await expect(take()).rejects.toThrow(`${place}.last is a directory. Remove that.`)
    expect(readdirSync(sandbox.dir)).toEqual(['test.lock.last'])
  })

  const onlyRoot = process.getuid!() === 0 ? test : test.skip
  onlyRoot('the lock of another user, where everybody may write, is refused', async () => {
    chmodSync(sandbox.dir, 0o1777)
    mkdirSync(place)
    chownSync(place, 65_534, 65_534)
    await expect(take()).rejects.toThrow(/it belongs to user id 65534, where everybody may write/)
  })

  onlyRoot(
    'the last record of another user, where everybody may write, is refused before anybody enters',
    async () => {
      chmodSync(sandbox.dir, 0o1777)
      writeFileSync(`${place}.last`, '')
      const fixture = run('unprivileged', place)
      await fixture.exit
      expect(fixture.lines).toEqual([
        `The lock ${place} cannot be used: ${place}.last belongs to user id 0, where everybody may write. Keep the lock in a directory that only its users can write to (option "file", or SD_RUN_DIR).`,
      ])
      expect(readdirSync(sandbox.dir)).toEqual(['test.lock.last'])
    },
  )

  onlyRoot('what another user left of an attempt keeps nobody out', async () => {
    chmodSync(sandbox.dir, 0o1777)
    mkdirSync(`${place}.new-someone`)
    const fixture = run('unprivileged', place)
    await fixture.exit
    expect(fixture.lines).toEqual(['held'])
    expect(readdirSync(sandbox.dir)).toEqual(['test.lock.last', 'test.lock.new-someone'])
  })

  onlyRoot(
    'what another user lays out as an attempt is not removed by root, nor what a directory of that name holds',
    async () => {
      chmodSync(sandbox.dir, 0o1777)
      const names = ['someone', 'other', 'own'].map((id) => `${place}.old-${id}`)
      for (const name of names) mkdirSync(join(name, 'below'), { recursive: true })
      for (const name of names) writeFileSync(join(name, 'below', 'precious'), '')
      rmSync(names[1]!, { recursive: true })
      symlinkSync(names[0]!, names[1]!)
      chownSync(names[0]!, 54_321, 54_321)
      writeFileSync(join(names[0]!, 'token-1.renewal-0.at-1.000.by-someone'), '')
      const before = readdirSync(sandbox.dir, { recursive: true }).sort()
      const lease = await take()
      await lease.release()
      const left = readdirSync(sandbox.dir, { recursive: true }).filter((name) => name !== 'test.lock.last')
      expect(left.sort()).toEqual(before)
    },
  )

  onlyRoot.each([
    ['where everybody may write', 0o1777, 0],
    ['where its user is not in the group', 0o1770, 4711],
  ])("a lock is its owner's alone %s", async (_, mode, group) => {
    chownSync(sandbox.dir, 65_534, group)
    chmodSync(sandbox.dir, mode)
    const fixture = run('unprivileged', place, 'keep')
    await fixture.waitForLine(/^held$/)
    const [entry] = entries()
    expect(statSync(place).mode & 0o070).toBe(0)
    expect(statSync(join(place, entry!)).mode & 0o077).toBe(0)
    fixture.tell('release')
    await fixture.exit
  })

  onlyRoot('a lock of somebody who died is taken over by another user of the same group', async () => {
    chownSync(sandbox.dir, 0, 65_534)
    chmodSync(sandbox.dir, 0o770)
    const mask = process.umask(0o077)
    const first = await take().finally(() => process.umask(mask))
    const { holder } = first
    const [entry] = entries()
    const dead = { ...holder, startTime: '1' }
    writeFileSync(join(place, entry!), JSON.stringify(dead))
    const fixture = run('unprivileged', place)
    await fixture.exit
    expect(fixture.lines).toEqual(['held'])
    expect(await first.check()).toBe(false)
  })

  onlyRoot(
    'a lock that a group shares may be read and written by it, and its record is no program',
    async () => {
      chownSync(sandbox.dir, 0, 65_534)
      chmodSync(sandbox.dir, 0o770)
      const lease = await take()
      const [entry] = entries()
      expect(statSync(place).mode & 0o070).toBe(0o070)
      expect(statSync(join(place, entry!)).mode & 0o171).toBe(0o060)
      await lease.release()
    },
  )
})

test('a directory that cannot be written to is named, with what to do', async () => {
  chmodSync(sandbox.dir, 0o555)
  const fixture = run('unprivileged', place)
  await fixture.exit
  chmodSync(sandbox.dir, 0o755)
  expect(fixture.lines.join('\n')).toMatch(
    new RegExp(
      `The lock ${place} cannot be used \\(EACCES.*\\). Let user id \\d+ write to ${sandbox.dir}, or give`,
    ),
  )
})

test('a place that cannot be made is said before anything starts', async () => {
  writeFileSync(join(sandbox.dir, 'file'), '')
  const file = join(sandbox.dir, 'file', 'test.lock')
  const daemon = runDaemon({ file })
  expect((await daemon.exit).code).toBe(1)
  expect(daemon.lines.join('\n')).toContain(
    `The daemon cannot start here:
- fileLock: The lock ${file} cannot be used (E`,
  )
})

describe('options', () => {
  test('two names are two files, however they are written', () => {
    const names = ['a/b', 'a_b', 'a%2Fb', '..', 'ä'.repeat(100), 'ö'.repeat(100), '.']
    const files = names.map((name) => locateLock(name, {}))
    expect(new Set(files).size).toBe(names.length)
    for (const file of files) expect(file).toMatch(/\/sd\/[^/]{1,200}\.lock$/)
  })

  test('a file is a path or a URL', () => {
    expect(locateLock('x', { file: '/a/b.lock' })).toBe('/a/b.lock')
    expect(locateLock('x', { file: new URL('file:///a/b%20c.lock') })).toBe('/a/b c.lock')
    expect(() => fileLock({ file: '' })).toThrow('option "file" must be the path or file: URL of a lock')
  })
})
