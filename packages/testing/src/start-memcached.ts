import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { requireCommand } from './require-command.ts'
import { waitUntil } from './wait-until.ts'

/** A real memcached on loopback. */
export interface Memcached {
  readonly port: number
  /** `127.0.0.1:PORT`. */
  readonly address: string
  /** Ends it and starts it anew on the same port, with nothing in it. */
  restart(): Promise<void>
  /** SIGSTOP or SIGCONT, for instance. */
  signal(signal: NodeJS.Signals): void
  /**
   * Sends a command of the text protocol.
   *
   * @returns the answer's lines, the last one (`END`, `STORED`, …) included.
   */
  command(line: string, data?: string): Promise<string[]>
  /** All keys that begin so. */
  keys(prefix: string): Promise<string[]>
  stop(): Promise<void>
}

/**
 * Starts a memcached on a free port. Where it is not installed, root installs it.
 *
 * @param args - more of its options, like `['-C']`.
 * @throws Error that says what to install.
 */
export async function startMemcached(args: readonly string[] = []): Promise<Memcached> {
  requireCommand({ command: 'memcached', debian: 'memcached', elsewhere: 'brew install memcached (macOS)' })
  const port = await findFreePort()
  let child = await launch(port, args)

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  async function keys(prefix: string): Promise<string[]> {
    const lines = await ask(port, 'lru_crawler metadump all')
    const found = lines.flatMap((line) => /^key=(\S+)/.exec(line)?.[1] ?? []).map(decodeURIComponent)
    return found.filter((key) => key.startsWith(prefix))
  }

  return {
    port,
    address: `127.0.0.1:${port}`,
    signal: (signal) => void child.kill(signal),
    command: (line, data) => ask(port, line, data),
    keys,
    stop,
    async restart() {
      await stop()
      child = await launch(port, args)
    },
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** A port that was free a moment ago may be taken, by a connection for instance. */
const LAUNCHES = 20

async function launch(port: number, args: readonly string[]): Promise<ChildProcess> {
  // As root it wants to be told so. It must not outlive the tests.
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
  const command = ['memcached', ...user, '-U', '0', '-l', '127.0.0.1', '-p', String(port), ...args]
  const guarded = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', ...command] : command
  let said = ''
  for (let left = LAUNCHES; left > 0; left--) {
    const child = spawn(guarded[0]!, guarded.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr!.on('data', (chunk) => {
      said += chunk
    })
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
    // Another one could listen there.
    const answers = (): Promise<boolean> =>
      ask(port, 'stats').then(
        (lines) => lines.includes(`STAT pid ${child.pid}`) || hasEnded(),
        () => hasEnded(),
      )
    await waitUntil(answers, `memcached answers (${said})`, 30_000)
    if (hasEnded()) {
      await sleep(50)
      continue
    }
    child.unref()
    ;(child.stderr as unknown as { unref(): void }).unref()
    return child
  }
  throw new Error(`memcached cannot be started on port ${port}: ${said}`)
}

/** A line that ends an answer of the text protocol. */
const LAST_LINE =
  /^(END|OK|STORED|NOT_STORED|DELETED|TOUCHED|NOT_FOUND|EXISTS|ERROR|BUSY|\d+$|VERSION|CLIENT_ERROR|SERVER_ERROR)/

function ask(port: number, line: string, data?: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const finish = (act: () => void): void => {
      socket.once('close', act)
      socket.destroy()
    }
    socket.on('error', (error) => finish(() => reject(error)))
    socket.on('end', () => finish(() => reject(new Error(`memcached has closed the connection: ${text}`))))
    socket.on('data', (chunk) => {
      text += chunk
      // The dump of the keys has bare line feeds.
      const lines = text.split(/\r?\n/)
      if (lines.length > 1 && LAST_LINE.test(lines.at(-2)!)) finish(() => resolve(lines.slice(0, -1)))
    })
    // While nothing listens there, a connection may be made to itself.
    socket.on(
      'connect',
      () => socket.localPort === port && finish(() => reject(new Error('nothing listens'))),
    )
    socket.write(`${line}\r\n${data === undefined ? '' : `${data}\r\n`}`)
  })
}
