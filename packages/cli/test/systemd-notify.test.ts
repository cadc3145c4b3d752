import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { takeServiceManager } from '../src/systemd/service-manager.ts'

let sandbox: Sandbox
let listener: Listener | undefined

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(async () => {
  await listener?.stop()
  listener = undefined
  await sandbox.assertNothingLeft()
})

interface Message {
  /** Monotonic time, milliseconds. */
  readonly at: number
  readonly lines: readonly string[]
}

/** What stands for systemd: a real datagram socket. */
interface Listener {
  readonly socket: string
  readonly messages: readonly Message[]
  /** The n-th message that has this line, the first being 1. */
  waitFor(line: RegExp, nth?: number): Promise<Message>
  count(line: RegExp): number
  stop(): Promise<void>
}

async function listen(socket: string = join(sandbox.dir, 'notify')): Promise<Listener> {
  const script = fileURLToPath(new URL('./fixtures/notify-listener.py', import.meta.url))
  const child: ChildProcess = spawn('python3', [script, socket], { env: { ...process.env, ...sandbox.env } })
  const messages: Message[] = []
  const lines = createInterface({ input: child.stdout! })
  const ready = once(lines, 'line')
  lines.on('line', (line) => line.startsWith('{') && messages.push(JSON.parse(line)))
  await ready
  const having = (pattern: RegExp): Message[] =>
    messages.filter((message) => message.lines.some((line) => pattern.test(line)))
  listener = {
    socket,
    messages,
    count: (pattern) => having(pattern).length,
    async waitFor(pattern, nth = 1) {
      await waitUntil(
        () => having(pattern).length >= nth,
        `message ${nth} with ${pattern} in ${JSON.stringify(messages)}`,
        30_000,
      )
      return having(pattern)[nth - 1]!
    },
    async stop() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
  return listener
}

const notifying = new URL('./fixtures/notifying.ts', import.meta.url)

function run(manner: string, env: Record<string, string>): Fixture {
  const all = { ...sandbox.env, SD_SUPERVISED: '1', SD_RUN_DIR: sandbox.dir, FORCE_COLOR: '0', ...env }
  return runFixture(notifying, { args: [manner, sandbox.dir], env: all })
}

async function end(fixture: Fixture): Promise<void> {
  fixture.kill('SIGTERM')
  expect(await fixture.exit).toEqual({ code: 0, signal: null })
}

describe('a daemon under systemd', () => {
  test('is ready when its setup is done, and says that it stops before it has ended', async () => {
    const { socket, waitFor, messages } = await listen()
    const daemon = run('calm', { NOTIFY_SOCKET: socket })
    const ready = await waitFor(/^READY=1$/)
    const [, setUp] = await daemon.waitForLine(/monotonic ([\d.]+)/)
    expect(ready.at).toBeGreaterThan(Number(setUp))
    expect(messages[0]!.lines).toEqual(['STATUS=Starting'])
    expect(ready.lines).toEqual(['READY=1', 'STATUS=Running'])
    await end(daemon)
    // Nothing more can come: it was delivered before the process ended.
    expect(messages.at(-1)!.lines).toEqual(['STOPPING=1', 'STATUS=Stopping'])
    expect(messages).toHaveLength(3)
    expect(daemon.lines.join('\n')).not.toContain('Warning')
  })

  test('finds an abstract socket', async () => {
    const { socket, waitFor } = await listen(`@sd-test-${process.pid}-${Date.now()}`)
    const daemon = run('calm', { NOTIFY_SOCKET: socket })
    await waitFor(/^READY=1$/)
    await end(daemon)
    await waitFor(/^STOPPING=1$/)
  })

  test('tells of a restart in place, and is ready again with the same environment', async () => {
    const { socket, waitFor, count, messages } = await listen()
    const daemon = run('calm', { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '60000000' })
    for (let round = 1; round <= 3; round++) {
      await waitFor(/^READY=1$/, round)
      const before = Number(process.hrtime.bigint() / 1000n)
      daemon.kill('SIGHUP')
      const { lines } = await waitFor(/^RELOADING=1$/, round)
      const at = Number(/\d+/.exec(lines.find((line) => line.startsWith('MONOTONIC_USEC='))!)![0])
      expect(at).toBeGreaterThan(before)
      expect(at).toBeLessThan(Number(process.hrtime.bigint() / 1000n))
      expect(lines).toContain('STATUS=Restarting: SIGHUP')
    }
    await waitFor(/^READY=1$/, 4)
    expect(count(/^STOPPING=1$/)).toBe(0)
    // Whoever says anything lives, and the new one says so at once.
    expect(messages.every(({ lines }) => lines.includes('WATCHDOG=1'))).toBe(true)
    await end(daemon)
    expect(count(/^STOPPING=1$/)).toBe(1)
  })

  test('gives signs of life twice in the time that it is given, until its loop is blocked', async () => {
    const { socket, waitFor, messages } = await listen()
    const daemon = run('calm', { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000', WATCHDOG_PID: '' })
    await waitFor(/^READY=1$/)
    const { at } = await waitFor(/^WATCHDOG=1$/, 12)
    // 400 ms: one each 200 ms, the first ones more often, and never two of them further apart than systemd allows.
    const beats = messages.filter((message) => message.at <= at).map((message) => message.at)
    const gaps = beats.slice(1).map((beat, n) => beat - beats[n]!)
    expect(gaps.filter((gap) => gap > 150).length).toBeGreaterThanOrEqual(6)
    daemon.kill('SIGUSR2')
    const [, from] = await daemon.waitForLine(/blocked from ([\d.]+)/)
    const [, to] = await daemon.waitForLine(/blocked to ([\d.]+)/)
    await waitUntil(() => messages.some((message) => message.at > Number(to)))
    const within = messages.filter((message) => message.at > Number(from) + 50 && message.at < Number(to))
    expect(within).toEqual([])
    await end(daemon)
  })

  test('gives none where another process is watched', async () => {
    const { socket, waitFor, count } = await listen()
    const daemon = run('calm', { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '100000', WATCHDOG_PID: '1' })
    await waitFor(/^READY=1$/)
    await end(daemon)
    expect(count(/WATCHDOG/)).toBe(0)
  })

  test('goes on giving them while it waits to be tried again', async () => {
    const { socket, waitFor, messages } = await listen()
    const daemon = run('fails-once', { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '500000' })
    const failed = await waitFor(/^RELOADING=1$/)
    expect(failed.lines).toContain('STATUS=Restarting: a failed start: not yet')
    const ready = await waitFor(/^READY=1$/)
    const times = messages.filter(({ at }) => at >= failed.at && at <= ready.at).map(({ at }) => at)
    // A pause of 3 s and a start: seven halves of a time at least, of which a busy machine may swallow some.
    expect(times.length).toBeGreaterThan(7)
    await end(daemon)
  })

  test('tells of a start that failed', async () => {
    const { socket, count } = await listen()
    const daemon = run('fails', { NOTIFY_SOCKET: socket })
    expect((await daemon.exit).code).toBe(1)
    expect(count(/^STOPPING=1$/)).toBe(1)
    expect(count(/^READY=1$/)).toBe(0)
  })

  test('has the variables for itself: children see none', async () => {
    const { socket, waitFor } = await listen()
    const daemon = run('calm', { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '9000000', WATCHDOG_PID: '1' })
    await daemon.waitForLine(/^child sees 0$/)
    await waitFor(/^READY=1$/)
    await end(daemon)
  })

  test('shows a status of its own in one line, which can say nothing else', async () => {
    const { socket, waitFor, count } = await listen()
    const daemon = run('calm', { NOTIFY_SOCKET: socket })
    await waitFor(/^READY=1$/)
    daemon.kill('SIGWINCH')
    const { lines } = await waitFor(/42 orders/)
    expect(lines).toEqual(['STATUS=42 orders READY=1 open'])
    await end(daemon)
    expect(count(/^READY=1$/)).toBe(1)
  })
})

describe('where systemd cannot be told', () => {
  test('a missing systemd-notify is one warning, and the daemon runs', async () => {
    const { socket } = await listen()
    const daemon = run('calm', { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '100000', PATH: sandbox.dir })
    await daemon.waitForLine(/Warning: cannot notify systemd \(there is no systemd-notify on the PATH/)
    await daemon.waitForLine(/^active true$/)
    await end(daemon)
    expect(daemon.lines.filter((line) => line.includes('Warning'))).toHaveLength(1)
  })

  test('so is a socket at which nobody listens', async () => {
    const daemon = run('calm', { NOTIFY_SOCKET: join(sandbox.dir, 'nobody'), WATCHDOG_USEC: '100000' })
    await daemon.waitForLine(/Warning: cannot notify systemd/)
    await daemon.waitForLine(/^active true$/)
    await end(daemon)
    expect(daemon.lines.filter((line) => line.includes('Warning'))).toHaveLength(1)
  })

  test('without systemd nothing happens', async () => {
    const daemon = run('calm', { WATCHDOG_USEC: '100000' })
    await daemon.waitForLine(/^active false$/)
    await end(daemon)
    expect(daemon.lines.join('\n')).not.toContain('Warning')
  })
})

describe('the variables of systemd', () => {
  const take = (env: NodeJS.ProcessEnv): ReturnType<typeof takeServiceManager> => takeServiceManager(env, 7)

  test('are taken out of the environment', () => {
    const env: NodeJS.ProcessEnv = {
      NOTIFY_SOCKET: '/n',
      WATCHDOG_USEC: '3000000',
      WATCHDOG_PID: '7',
      A: 'b',
    }
    expect(take(env)).toMatchObject({ socket: '/n', watchdog: 3000 })
    expect(env).toEqual({ A: 'b' })
  })

  test('mean nothing where they are no socket, no time, or for another process', () => {
    expect(take({ WATCHDOG_USEC: '3000000' })).toBeUndefined()
    expect(take({ NOTIFY_SOCKET: 'relative' })).toBeUndefined()
    for (const WATCHDOG_USEC of ['', '0', '-5', 'soon', 'Infinity']) {
      expect(take({ NOTIFY_SOCKET: '@n', WATCHDOG_USEC })!.watchdog).toBeUndefined()
    }
    expect(take({ NOTIFY_SOCKET: '/n', WATCHDOG_USEC: '5', WATCHDOG_PID: '8' })!.watchdog).toBeUndefined()
  })
})
