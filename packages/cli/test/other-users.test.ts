import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type LifeRecord, lifePath } from '@sd/control/life'
import { isAlive, type ProcessIdentity, readBoot, readIdentity } from '@sd/core/process-identity'
import { waitUntil } from '@sd/testing'
import { forceRestart } from '../src/restart/force-restart.ts'
import { cliCommand, fixture, runCli } from './run-cli.ts'
import { usePlace } from './use-place.ts'

/** Another user of the machine, who is hostile. */
const THEM = 54_321

const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip
const ends: (() => Promise<void>)[] = []

/** A process of root. */
let bystander: ProcessIdentity
let theirs: string

// Before the place sees whether something is left.
afterEach(async () => {
  const survived = isAlive(bystander)
  for (const end of ends.splice(0)) await end()
  expect(survived).toBe(true)
})

const place = usePlace()

beforeEach(() => {
  chmodSync(place.sandbox.dir, 0o755)
  theirs = makeDirectory('theirs', THEM)
  bystander = readIdentity(startSleeper(0))!
})

function makeDirectory(name: string, uid: number, mode = 0o755): string {
  const path = join(place.sandbox.dir, name)
  mkdirSync(path)
  chmodSync(path, mode)
  if (uid !== 0) chownSync(path, uid, uid)
  return path
}

function endLater(child: ChildProcess): void {
  ends.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill()
    await gone
  })
}

function startSleeper(uid: number): number {
  const child = spawn('sleep', ['1000'], { uid, env: { ...process.env, ...place.sandbox.env } })
  endLater(child)
  return child.pid!
}

/** Has something listen as the daemon `liar`. @param answers - by method. */
async function listen(
  directory: string,
  uid: number,
  answers: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const socket = join(directory, 'liar.sock')
  const args = [fixture('liar.mjs'), socket, JSON.stringify(answers)]
  const options = { uid, gid: uid, env: { ...process.env, ...place.env, ...env } }
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  endLater(child)
  await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('It has ended.'))),
  ])
  return socket
}

const introduction = (pid: number, program: string | null = null) => ({
  protocol: 1,
  name: 'liar',
  pid,
  program,
  processStart: readIdentity(pid)?.startTime ?? null,
})

/** A package that tells who has imported it. */
function plantPackage(at: string, marker: string): void {
  const directory = join(at, 'node_modules/@sd/debug-console')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), '{ "type": "module", "exports": "./index.js" }')
  const text = `import { writeFileSync } from 'node:fs'
writeFileSync(${JSON.stringify(marker)}, String(process.getuid()))
export const attachConsole = async () => ({ why: 'ended', message: '' })
`
  writeFileSync(join(directory, 'index.js'), text)
}

describeAsRoot('root, who operates a daemon of another user,', () => {
  test('imports nothing from a path that the daemon names', async () => {
    const marker = join(theirs, 'imported')
    plantPackage(theirs, marker)
    const version = introduction(process.pid, join(theirs, 'program.js'))
    const socket = await listen(theirs, THEM, { version, console: { socket: join(theirs, 'gone.debug') } })
    expect(await runCli(place, ['console', socket])).toMatchObject({ code: 7 })
    expect(existsSync(marker)).toBe(false)
  })

  test('is not connected to a socket of somebody else that the daemon names', async () => {
    const ours = makeDirectory('ours', 0)
    const private_ = await listen(ours, 0, {})
    const socket = await listen(theirs, THEM, {
      version: introduction(process.pid),
      console: { socket: private_ },
    })
    const { code, stderr } = await runCli(place, ['console', socket])
    expect(stderr).toContain(private_)
    expect(code).toBe(4)
  })

  test('is led to no daemon of its own by what that one answers, or is called', async () => {
    mkdirSync(place.runDirectory, { recursive: true, mode: 0o700 })
    let connections = 0
    const standbys = ['victim', 'liar'].map((name) =>
      createServer((client) => {
        connections++
        client.destroy()
      }).listen(join(place.runDirectory, `${name}.standby`)),
    )
    try {
      await Promise.all(standbys.map((standby) => once(standby, 'listening')))
      const data = { code: 'SD_CLI_MUTE', daemon: 'victim' }
      const rpcError = { code: 1, message: 'no', data }
      const answering = await listen(theirs, THEM, {
        version: introduction(process.pid),
        console: { rpcError },
      })
      expect((await runCli(place, ['console', answering])).code).not.toBe(0)
      const nameless = makeDirectory('theirs/nameless', THEM)
      const mute = await listen(nameless, THEM, { version: { name: 'no daemon!' } })
      expect((await runCli(place, ['console', mute])).code).not.toBe(0)
      expect(connections).toBe(0)
    } finally {
      for (const standby of standbys) await new Promise((resolve) => standby.close(resolve))
    }
  })

  test('waits for no daemon of its own that is called as that one is', async () => {
    mkdirSync(place.runDirectory, { recursive: true, mode: 0o700 })
    const now = new Date().toISOString()
    const record: LifeRecord = {
      name: 'liar',
      process: { ...bystander, boot: readBoot() },
      state: 'restarting',
      since: now,
      reason: null,
      retry: null,
      program: null,
      logFile: null,
      outFile: null,
      pidFile: null,
      end: null,
      crash: null,
    }
    writeFileSync(lifePath('liar', place.runDirectory), JSON.stringify(record), { mode: 0o600 })
    const sleeper = startSleeper(THEM)
    const refusal = { rpcError: { code: 1, message: 'I restart for nobody', data: {} } }
    const status = { name: 'liar', pid: sleeper, state: 'running', canRestart: true }
    const socket = await listen(theirs, THEM, { version: introduction(sleeper), status, restart: refusal })
    const restarted = await runCli(place, ['restart', socket, '--timeout', '10'])
    expect(restarted.stderr).toContain('I restart for nobody')
    expect(await runCli(place, ['signal', socket, 'USR2', '--force'])).toMatchObject({ code: 0 })
    await waitUntil(() => readIdentity(sleeper) === undefined)
  })

  test('starts nothing that a process of another user says it was started with', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', '--detached'], {
      uid: THEM,
      gid: THEM,
      cwd: '/',
      env: { ...process.env, ...place.sandbox.env },
    })
    endLater(child)
    const identity = readIdentity(child.pid!)!
    const mute = {
      name: 'dropped',
      state: 'mute',
      process: identity,
      why: 'it hangs',
      hasSocket: true,
    } as const
    // It is refused before anything is printed.
    const restarted = forceRestart(mute, 5, undefined as never)
    await expect(restarted).rejects.toMatchObject({ code: 'SD_CLI_PERMISSION', pid: child.pid })
    expect(isAlive(identity)).toBe(true)
  })

  test('signals no process of anybody else, although a link is turned while the daemon answers', async () => {
    const ours = makeDirectory('ours', 0)
    const version = introduction(bystander.pid)
    await listen(ours, 0, { version })
    const link = join(theirs, 'link')
    const home = makeDirectory('theirs/home', THEM)
    symlinkSync(home, link)
    await listen(home, THEM, { version }, { FLIP_LINK: link, FLIP_TO: ours })
    for (const words of [
      ['signal', join(link, 'liar.sock'), 'KILL'],
      ['stop', join(link, 'liar.sock'), '--force', '--timeout', '0.1'],
    ]) {
      // Back, for the next command.
      symlinkSync(home, `${link}.new`)
      renameSync(`${link}.new`, link)
      expect(await runCli(place, words)).not.toMatchObject({ code: 0 })
      expect(isAlive(bystander)).toBe(true)
    }
  })

  test('is not led to a socket of root by a link of that user', async () => {
    const ours = makeDirectory('ours', 0)
    await listen(ours, 0, { version: introduction(bystander.pid) })
    symlinkSync(ours, join(theirs, 'link'))
    const path = join(theirs, 'link', 'liar.sock')
    for (const words of [
      ['signal', path, 'KILL'],
      ['stop', path],
      ['status', path],
    ]) {
      expect(await runCli(place, words)).toMatchObject({ code: 4 })
    }
  })

  test('signals one of its own', async () => {
    const sleeper = readIdentity(startSleeper(THEM))!
    const socket = await listen(theirs, THEM, { version: introduction(sleeper.pid) })
    expect(await runCli(place, ['signal', socket, 'TERM'])).toMatchObject({ code: 0 })
    await expectEnd(sleeper)
  })

  test('believes nothing that lies where all users can exchange it', async () => {
    const open = makeDirectory('open', 0, 0o777)
    const socket = await listen(open, 0, { version: introduction(bystander.pid) })
    const { code, stderr } = await runCli(place, ['signal', socket, 'KILL'])
    expect(stderr).toContain(open)
    expect(code).toBe(4)
  })
})

/** A daemon's file that tells who has run it, and with which environment. */
function makeProgram(directory: string, marker: string): string {
  symlinkSync(join(import.meta.dirname, '../node_modules'), join(directory, 'node_modules'))
  const file = join(directory, 'telling.mjs')
  const text = `import { writeFileSync } from 'node:fs'
import { createDaemon } from '@sd/core'
const { getuid, getgid, getgroups, env } = process
writeFileSync(${JSON.stringify(marker)}, JSON.stringify({ uid: getuid(), gid: getgid(), groups: getgroups(), secret: env.SECRET }))
export default createDaemon({ name: 'telling', interval: 1000 })
`
  writeFileSync(file, text)
  return file
}

const told = (marker: string) => JSON.parse(readFileSync(marker, 'utf8'))

describeAsRoot('root, who asks the file of a daemon for its name,', () => {
  const env = { SECRET: 'of root' }

  test('has another user run their own', async () => {
    const marker = join(theirs, 'marker')
    const file = makeProgram(theirs, marker)
    expect((await runCli(place, ['install', file, '--json'], { env })).json()).toMatchObject({
      name: 'telling',
    })
    expect(told(marker)).toEqual({ uid: THEM, gid: THEM, groups: [THEM] })
    rmSync(marker)
    const { code, stdout } = await runCli(place, ['init', 'systemd', file, '--user', 'root'], { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\[Unit\]\n[\s\S]*telling/m)
    expect(told(marker)).toMatchObject({ uid: THEM })
  })

  test('has the user run it that the service will run as', async () => {
    const open = makeDirectory('open', 0, 0o1777)
    const marker = join(open, 'marker')
    const file = makeProgram(makeDirectory('project', 0), marker)
    const { code, stderr } = await runCli(place, ['init', 'systemd', file, '--user', 'daemon'], { env })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const uid = Number(execFileSync('id', ['-u', 'daemon'], { encoding: 'utf8' }))
    expect(told(marker)).toMatchObject({ uid })
    expect(told(marker)).not.toHaveProperty('secret')
  })

  test('does not run it where that user cannot, and need not where its name is given', async () => {
    const directory = makeDirectory('private', 0, 0o700)
    const marker = join(directory, 'marker')
    const file = makeProgram(directory, marker)
    for (const user of ['daemon', 'sd-nobody-at-all']) {
      const words = ['init', 'systemd', file, '--user', user]
      const { code, stderr } = await runCli(place, words)
      expect(stderr).toContain('--name')
      expect(code).toBe(1)
      const named = await runCli(place, [...words, '--name', 'telling'])
      expect(named).toMatchObject({ code: 0, stdout: expect.stringContaining('telling') })
    }
    expect(existsSync(marker)).toBe(false)
  })
})

describeAsRoot('a start', () => {
  test('is not kept waiting by another user, who has taken the names of its guards', async () => {
    const names = ['sock', 'start'].map((kind) => `\\0sd-socket:${place.runDirectory}/ticker.${kind}`)
    const program = `for (const path of ${JSON.stringify(names)}) require('node:net').createServer().listen({ path: path.replace('\\\\0', '\\0') }, () => console.log(path))`
    const options = { uid: THEM, gid: THEM, cwd: '/', env: { ...process.env, ...place.sandbox.env } }
    const squatter = spawn(process.execPath, ['-e', program], {
      ...options,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    endLater(squatter)
    await once(squatter.stdout!, 'data')
    expect(await runCli(place, ['start', fixture('ticker.ts'), '--timeout', '30'])).toMatchObject({ code: 0 })
    expect(await runCli(place, ['stop', 'ticker'])).toMatchObject({ code: 0 })
  })
})

describeAsRoot('a user', () => {
  const asThem = ['setpriv', `--reuid=${THEM}`, `--regid=${THEM}`, '--clear-groups', ...cliCommand]

  test('has nothing to do with a daemon in a place that a third one can exchange', async () => {
    const third = makeDirectory('third', THEM + 1)
    const run = makeDirectory('third/run', THEM)
    const sleeper = readIdentity(startSleeper(THEM))!
    const socket = await listen(run, THEM, { version: introduction(sleeper.pid) })
    const { code, stderr } = await runCli(place, ['signal', socket, 'KILL'], { command: asThem, cwd: '/' })
    expect(stderr).toContain(`${third}: it belongs to user id ${THEM + 1}`)
    expect(code).toBe(4)
    expect(isAlive(sleeper)).toBe(true)
    const env = { SD_TRUSTED_DIRS: `/nowhere:${third}` }
    expect(await runCli(place, ['signal', socket, 'TERM'], { command: asThem, cwd: '/', env })).toMatchObject(
      { code: 0 },
    )
    await expectEnd(sleeper)
  })
})

async function expectEnd(sleeper: ProcessIdentity): Promise<void> {
  while (isAlive(sleeper)) await new Promise((resolve) => setTimeout(resolve, 10))
}
