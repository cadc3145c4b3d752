import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { beOtherUser, type Fixture, type PortProbe, runFixture, testSideBySide } from '@sd/testing'

const SOAK = Boolean(process.env.SD_SOAK)

/** Open ports that must have been looked at. */
const PORTS = SOAK ? 3 : 1

const tests = testSideBySide({ timeout: 300_000 })
const { test } = tests

function start(options: { execArgv?: string[]; env?: Record<string, string> } = {}): Fixture {
  return runFixture(new URL('./fixtures/inspected.ts', import.meta.url), {
    execArgv: options.execArgv ?? [],
    env: { ...tests.sandbox.env, ...options.env },
    cwd: tests.sandbox.dir,
  })
}

async function stop(daemon: Fixture): Promise<void> {
  daemon.kill('SIGTERM')
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
}

describe('while a stuck worker is looked at', () => {
  test.each([[[]], [['--disable-sigusr1']], [['--inspect-publish-uid=http,stderr']]])(
    'no other user finds its inspector, nor runs code there (daemon with %j)',
    async (execArgv) => {
      const stranger = await beOtherUser(tests.sandbox)
      const daemon = start({ execArgv })
      const seen = new Map<number, PortProbe>()
      for (let round = 1; seen.size < PORTS && round <= 20; round++) {
        daemon.tell('timeout')
        const timedOut = daemon
          .waitForLine(new RegExp(`^timed out ${round} SD_WORKERS_TIMEOUT$`), 60_000)
          .then(() => true)
        while (!(await Promise.race([timedOut, new Promise((resolve) => setTimeout(resolve, 5))]))) {
          for (const probe of await stranger.probe())
            if (probe.statuses.length > 0) seen.set(probe.port, probe)
        }
      }
      expect(seen.size).toBeGreaterThan(0)
      for (const { addresses, ran } of seen.values())
        expect({ addresses, ran }).toEqual({ addresses: [], ran: [] })
      await stranger.leave()
      await stop(daemon)
    },
    300_000,
  )
})

/** Lets go on what waits for a debugger. */
async function continueWithDebugger(daemon: Fixture): Promise<WebSocket> {
  const [, address] = await daemon.waitForLine(/Debugger listening on (ws:\S+)/)
  const socket = new WebSocket(address!)
  const send = (id: number, method: string): void => socket.send(JSON.stringify({ id, method }))
  socket.addEventListener('open', () => send(1, 'Debugger.enable'))
  // On a busy machine it may begin to wait, or pause, long after it was told to run.
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return
    send(2, 'Runtime.runIfWaitingForDebugger')
    send(3, 'Debugger.resume')
  }, 200)
  socket.addEventListener('close', () => clearInterval(timer))
  return socket
}

describe('a daemon with an inspector of its own has workers and tasks that work', () => {
  const flags = ['--inspect=0', '--inspect-brk=0', '--inspect-wait=0', '--inspect_brk=0']
  // Each of them in one of the two ways; in a soak both.
  const [first, second] = SOAK
    ? [flags, flags]
    : [
        [flags[0]!, flags[3]!],
        [flags[1]!, flags[2]!],
      ]

  async function work(daemon: Fixture, waits: boolean): Promise<void> {
    const debug = waits ? await continueWithDebugger(daemon) : undefined
    daemon.tell('call')
    await daemon.waitForLine(/^worker 1 inspector undefined$/, 60_000)
    await daemon.waitForLine(/^task 1 inspector undefined$/, 60_000)
    daemon.tell('timeout')
    await daemon.waitForLine(/^timed out 1 SD_WORKERS_TIMEOUT$/, 60_000)
    // Only the daemon's own inspector has told where it listens, once.
    expect(daemon.lines.filter((line) => line.includes('Debugger listening'))).toHaveLength(1)
    debug?.close()
    await stop(daemon)
  }

  test.each(first)(
    'by a flag: %s',
    async (flag) => {
      await work(start({ execArgv: [flag] }), /brk|wait/.test(flag))
    },
    90_000,
  )

  test.each(second)(
    'by NODE_OPTIONS: %s',
    async (flag) => {
      await work(start({ env: { NODE_OPTIONS: `--no-warnings "${flag}"` } }), /brk|wait/.test(flag))
    },
    90_000,
  )

  test('by a file of variables', async () => {
    const file = join(tests.sandbox.dir, 'variables')
    writeFileSync(file, 'NODE_OPTIONS="--inspect-brk=0"\n')
    await work(start({ execArgv: [`--env-file=${file}`] }), true)
  }, 240_000)

  test('at a port of its own, also after a restart, which waits for no debugger', async () => {
    const port = 20_000 + (process.pid % 20_000)
    const daemon = start({ env: { NODE_OPTIONS: `--inspect-brk=${port}`, RESTARTABLE: '1' } })
    const debug = await continueWithDebugger(daemon)
    daemon.tell('call')
    await daemon.waitForLine(/^worker 1 inspector undefined$/, 60_000)
    daemon.kill('SIGHUP')
    await daemon.waitForLine(/^life 2 inspector ws:\S+$/, 60_000)
    daemon.tell('call')
    await daemon.waitForLine(/^worker 2 inspector undefined$/, 60_000)
    daemon.kill('SIGHUP')
    await daemon.waitForLine(/^life 3 inspector ws:\S+$/, 60_000)
    daemon.tell('call')
    await daemon.waitForLine(/^worker 3 inspector undefined$/, 60_000)
    debug.close()
    await stop(daemon)
  }, 240_000)
})

test('a worker whose own options start its inspector has one', async () => {
  const daemon = start({ env: { WORKER_FLAG: '--inspect=0' } })
  daemon.tell('call')
  await daemon.waitForLine(/^worker 1 inspector ws:\S+$/)
  await stop(daemon)
})
