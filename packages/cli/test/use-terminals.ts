import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { createSandbox, type Fixture, type FixtureExit, runFixture, type Sandbox } from '@sd/testing'
import { openTerminal, type Terminal } from './open-terminal.ts'
import { cliCommand } from './run-cli.ts'

/** What a test of an interactive command needs. */
export interface Terminals {
  readonly sandbox: Sandbox
  /** Where daemons are found, and what else the commands go by. */
  readonly env: Readonly<Record<string, string>>
  /** Opens a terminal. It is closed when the test ends. */
  open(size?: { columns?: number; rows?: number; env?: Record<string, string> }): Promise<Terminal>
  /** Starts `fixtures/watched-daemon.ts`; it is ended when the test ends. */
  startDaemon(env?: Record<string, string>): Promise<Fixture>
  /** Starts `sd-cli` without a terminal. */
  start(args: readonly string[]): Fixture
  /** Has something done when the test ends, the last first. */
  atEnd(end: () => unknown): void
  /** Runs `sd-cli` without a terminal, with these lines as stdin. */
  run(args: readonly string[], input?: string, env?: Record<string, string>): Promise<CommandResult>
}

/** How a command ended, and what it said. */
export interface CommandResult extends FixtureExit {
  readonly stdout: string
  readonly stderr: string
}

/** Gives each test of a file a place of its own, and proves at its end that nothing is left. */
export function useTerminals(): Terminals {
  let sandbox: Sandbox
  const ends: (() => unknown)[] = []

  beforeEach(() => {
    sandbox = createSandbox()
  })

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
    await sandbox.assertNothingLeft({ timeout: 15_000 })
  })

  const environment = (): Record<string, string> => ({
    ...sandbox.env,
    HOME: sandbox.dir,
    SD_RUN_DIR: join(sandbox.dir, 'run'),
    SD_SHM_DIR: join(sandbox.dir, 'shm'),
    // Restarts are allowed, as under a supervisor.
    SD_SUPERVISED: '1',
  })

  return {
    get sandbox() {
      return sandbox
    },
    get env() {
      return environment()
    },
    async open({ env, ...size } = {}) {
      const terminal = await openTerminal(sandbox, { ...size, env: { ...environment(), ...env } })
      ends.push(() => terminal.close())
      return terminal
    },
    async startDaemon(env) {
      const file = new URL('./fixtures/watched-daemon.ts', import.meta.url)
      const daemon = runFixture(file, { env: { ...environment(), ...env } })
      ends.push(async () => {
        daemon.kill()
        await daemon.exit
      })
      await daemon.waitForLine(/^up /)
      return daemon
    },
    start(args) {
      const fixture = runFixture(cliCommand.at(-1)!, { args, env: environment() })
      ends.push(() => fixture.kill())
      return fixture
    },
    atEnd: (end) => void ends.push(end),
    run: (args, input = '', env = {}) => runSdCli(args, input, { ...environment(), ...env }),
  }
}

async function runSdCli(
  args: readonly string[],
  input: string,
  env: Record<string, string>,
): Promise<CommandResult> {
  const child = spawn(cliCommand[0]!, [...cliCommand.slice(1), ...args], { env: { ...process.env, ...env } })
  const texts = [child.stdout, child.stderr].map(async (stream) =>
    (await stream.setEncoding('utf8').toArray()).join(''),
  )
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const exit = await new Promise<FixtureExit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const [stdout, stderr] = await Promise.all(texts)
  return { ...exit, stdout: stdout!, stderr: stderr! }
}
