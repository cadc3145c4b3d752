import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Sandbox, waitUntil } from '@sd/testing'
import { type CliResult, callCli } from './call-cli.ts'
import { cliCommand } from './run-cli.ts'

let sandbox: Sandbox
let runs: string
let segments: string

beforeEach(() => {
  sandbox = createSandbox()
  runs = join(sandbox.dir, 'r')
  segments = join(sandbox.dir, 'm')
  mkdirSync(runs, { mode: 0o700 })
})

afterEach(() => sandbox.assertNothingLeft())

const leaving = fileURLToPath(new URL('./fixtures/leaving.ts', import.meta.url))
const onlyRoot = process.getuid?.() === 0 ? test : test.skip

const environment = (): Record<string, string> => ({
  ...sandbox.env,
  SD_RUN_DIR: runs,
  SD_SHM_DIR: segments,
  SD_LOG_DIR: join(sandbox.dir, 'l'),
})

function sd(...words: string[]): Promise<CliResult> {
  return callCli(words, { env: environment() })
}

interface Found {
  readonly kind: string
  readonly name: string
  readonly path: string
  readonly why: string
  readonly removed: boolean
}

interface Answer {
  readonly leftovers: readonly Found[]
  readonly leftAlone: readonly { readonly path: string; readonly why: string }[]
}

async function clean(...words: string[]): Promise<Answer> {
  const { stdout, code } = await sd('clean', '--json', ...words)
  expect({ code, stdout }).toMatchObject({ code: 0 })
  return JSON.parse(stdout)
}

async function start(): Promise<number> {
  const { code, stdout, stderr } = await sd('start', leaving, '--json')
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return JSON.parse(stdout).pid
}

async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await waitUntil(() => !existsSync(`/proc/${pid}`), 'it is gone')
}

const KINDS = ['lock', 'socket', 'record', 'pid file']

describe('clean', () => {
  test('removes all that a killed daemon has left, and nothing of one that lives', async () => {
    const pid = await start()
    expect(await clean('--yes')).toEqual({ directories: [runs], leftovers: [], leftAlone: [] })
    expect((await sd('status', 'leaving')).code).toBe(0)

    await killAndWait(pid)
    expect((await sd('status', 'leaving')).code).toBe(1)
    const before = readdirSync(runs).sort()
    const { leftovers } = await clean('--dry-run')
    expect(leftovers.map(({ kind }) => kind)).toEqual(KINDS)
    expect(leftovers.every(({ removed, name }) => !removed && name === 'leaving')).toBe(true)
    expect(leftovers[0]!.why).toBe(`its holder, process ${pid}, has ended`)
    expect(leftovers[3]!.why).toBe(`process ${pid} has ended`)
    expect(readdirSync(runs).sort()).toEqual(before)

    const { stdout, stderr, code } = await sd('clean', '--yes')
    expect(code).toBe(0)
    expect(stdout).toMatch(/DAEMON +WHAT +WHERE[\s\S]*leaving +lock[\s\S]*leaving +socket/)
    expect(stderr).toContain('Removed 4 of 4.')
    // The last token of the lock is to stay: tokens must rise.
    expect(readdirSync(runs)).toEqual(['leaving.lock.last'])
    // Shared memory is data.
    expect(readdirSync(segments)).toEqual(['leaving'])
    expect((await sd('clean', '--yes')).stderr).toContain('Nothing to clean')
    expect((await sd('status', 'leaving')).code).toBe(3)

    const again = await start()
    expect(again).not.toBe(pid)
    expect((await sd('stop', 'leaving')).code).toBe(0)
  }, 60_000)

  test('asks, and takes no silence for a yes', async () => {
    await killAndWait(await start())
    const silent = await sd('clean')
    expect(silent.code).toBe(1)
    expect(silent.stdout).toContain('leaving')
    expect(silent.stderr).toContain('Confirm with --yes')
    const count = readdirSync(runs).length

    for (const [typed, message] of [
      ['n\n', 'Nothing was removed.'],
      ['\n', 'Nothing was removed.'],
      ['\u0003', 'Nothing was removed.'],
    ] as const) {
      expect(await typeAt(typed)).toContain(message)
      expect(readdirSync(runs)).toHaveLength(count)
    }
    expect(await typeAt('y\n')).toContain('Removed 4 of 4.')
    expect(readdirSync(runs)).toEqual(['leaving.lock.last'])
  }, 60_000)

  test('cleans for one name only', async () => {
    await killAndWait(await start())
    writeFileSync(join(runs, 'other.pid'), readFileSync(join(runs, 'leaving.pid')))
    const { leftovers } = await clean('other', '--yes')
    expect(leftovers).toMatchObject([{ kind: 'pid file', name: 'other', removed: true }])
    expect((await clean('leaving', '--yes')).leftovers).toHaveLength(4)
  }, 60_000)

  test('leaves alone what it does not know', async () => {
    const precious = join(sandbox.dir, 'precious')
    writeFileSync(precious, '1\n')
    symlinkSync(precious, join(runs, 'link.pid'))
    symlinkSync(precious, join(runs, 'link.sock'))
    symlinkSync(sandbox.dir, join(runs, 'link.lock'))
    writeFileSync(join(runs, 'garbage.pid'), 'not a number\n')
    writeFileSync(join(runs, 'foreign.pid'), '999999\n')
    writeFileSync(join(runs, 'file.sock'), '')
    mkdirSync(join(runs, 'npm.lock'))
    writeFileSync(join(runs, 'npm.lock', 'package.json'), '')
    mkdirSync(join(runs, 'empty.lock'))
    writeFileSync(join(runs, 'notes.txt'), '')
    const before = readdirSync(runs).sort()
    const { leftovers, leftAlone } = await clean('--yes')
    expect(leftovers).toEqual([])
    expect(leftAlone.map(({ path }) => path.slice(runs.length + 1)).sort()).toEqual([
      'foreign.pid',
      'garbage.pid',
      'npm.lock',
    ])
    expect(readdirSync(runs).sort()).toEqual(before)
    expect(readFileSync(precious, 'utf8')).toBe('1\n')
  })

  test('leaves a socket alone that somebody serves, whoever that is', async () => {
    const path = join(runs, 'busy.sock')
    const server = createServer((socket) => socket.resume()).listen(path)
    await once(server, 'listening')
    const { leftovers, leftAlone } = await clean('--yes')
    expect(leftovers).toEqual([])
    expect(leftAlone).toMatchObject([{ path }])
    expect(existsSync(path)).toBe(true)
    server.close()
    await once(server, 'close')
  })

  test('leaves a daemon alone that is stopped and cannot answer', async () => {
    const pid = await start()
    process.kill(pid, 'SIGSTOP')
    const before = readdirSync(runs).sort()
    // Longer than its lock's ttl: another daemon could take that over, but it is not dead.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    const { leftovers } = await clean('--yes')
    expect(leftovers).toEqual([])
    expect(readdirSync(runs).sort()).toEqual(before)
    await killAndWait(pid)
  }, 60_000)

  test('does not look where others can write', async () => {
    chmodSync(runs, 0o777)
    const { code, stderr } = await sd('clean', '--yes')
    expect(code).toBe(1)
    expect(stderr).toContain('is not cleaned: others can write to it')
  })

  test('looks in other directories, too', async () => {
    const other = join(sandbox.dir, 'other')
    mkdirSync(other, { mode: 0o700 })
    writeFileSync(join(other, 'x.pid'), '7\nstarted:1:00000000-0000-0000-0000-000000000000\n', {
      mode: 0o600,
    })
    const { leftovers } = await clean('--dir', other, '--yes')
    expect(leftovers).toMatchObject([
      { path: join(other, 'x.pid'), why: 'of process 7, before the last boot', removed: true },
    ])
    expect(readdirSync(other)).toEqual([])
  })

  onlyRoot(
    "leaves alone what is another user's",
    async () => {
      await killAndWait(await start())
      for (const file of readdirSync(runs)) chownSync(join(runs, file), 1, 1)
      const before = readdirSync(runs).sort()
      const { leftovers } = await clean('--yes')
      expect(leftovers).toEqual([])
      expect(readdirSync(runs).sort()).toEqual(before)
    },
    60_000,
  )

  test('removes a segment of shared memory by its name only, and only when no process runs that used it', async () => {
    const pid = await start()
    const kept = await sd('clean', '--segment', 'leaving', '--yes', '--json')
    expect(kept.code).toBe(1)
    expect(JSON.parse(kept.stdout)).toMatchObject({
      ...{ directories: [], leftovers: [] },
      leftAlone: [{ path: 'shm:leaving', why: `process ${pid} has it open` }],
    })
    await killAndWait(pid)
    const before = readdirSync(runs).sort()
    expect((await sd('clean', '--segment', 'nothing', '--yes')).code).toBe(1)
    expect((await sd('clean', '--segment', '../r', '--yes')).code).toBe(1)
    const { leftovers } = await clean('--segment', 'leaving', '--yes')
    expect(leftovers).toMatchObject([{ kind: 'segment', name: 'leaving', removed: true }])
    expect(readdirSync(segments)).toEqual([])
    // Nothing else was asked for.
    expect(readdirSync(runs).sort()).toEqual(before)
  }, 60_000)

  test('a daemon that restarts in place keeps its segment, its lock and its files', async () => {
    const pid = await start()
    const found = new Set<string>()
    for (let restart = 1; restart <= 3; restart++) {
      process.kill(pid, 'SIGHUP')
      const restarted = async (): Promise<boolean> => {
        const { stdout } = await sd('status', 'leaving', '--json')
        return JSON.parse(stdout || '{}').restarts === restart
      }
      do {
        for (const { path } of (await clean('--yes')).leftovers) found.add(path)
        const { stdout } = await sd('clean', '--segment', 'leaving', '--yes', '--json')
        for (const { path } of (JSON.parse(stdout) as Answer).leftovers) found.add(path)
      } while (!(await restarted()))
    }
    expect([...found]).toEqual([])
    expect(readdirSync(segments)).toEqual(['leaving'])
    expect((await sd('stop', 'leaving')).code).toBe(0)
  }, 120_000)

  test('a daemon that starts at the same time loses nothing', async () => {
    for (let round = 0; round < 5; round++) {
      await killAndWait(await start())
      const cleaning = Promise.all([sd('clean', '--yes'), sd('clean', '--yes')])
      const [{ code, stderr }] = await Promise.all([sd('start', leaving), cleaning])
      expect({ code, stderr }).toMatchObject({ code: 0 })
      const { stdout, code: state } = await sd('status', 'leaving', '--json')
      expect(state).toBe(0)
      const { pid } = JSON.parse(stdout)
      expect(readFileSync(join(runs, 'leaving.pid'), 'utf8')).toMatch(new RegExp(`^${pid}\n`))
      const [record] = readdirSync(join(runs, 'leaving.lock'))
      expect(JSON.parse(readFileSync(join(runs, 'leaving.lock', record!), 'utf8'))).toMatchObject({ pid })
      expect(readdirSync(runs).filter((file) => /\.old$/.test(file))).toEqual([])
      await killAndWait(pid)
    }
  }, 180_000)
})

/** Calls `clean` in a terminal, and types. @returns what is seen. */
async function typeAt(typed: string): Promise<string> {
  const command = [...cliCommand, 'clean'].map((word) => `'${word}'`).join(' ')
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, ...environment(), TERM: 'xterm' },
    stdio: 'pipe',
  })
  let seen = ''
  terminal.stdout.on('data', (chunk) => {
    seen += chunk
  })
  const ended = once(terminal, 'close')
  await waitUntil(() => seen.includes('[y/N]'), 'it asks', 20_000)
  terminal.stdin.write(typed)
  await ended
  return seen
}
