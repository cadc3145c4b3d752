import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** How to run a fixture. */
export interface FixtureOptions {
  /** What `process.argv` holds after the file. @default [] */
  args?: readonly string[]
  /** Environment on top of the test's; give it `sandbox.env`. @default {} */
  env?: Readonly<Record<string, string>>
  /** Node's flags, on top of those that let it run the sources. @default [] */
  execArgv?: readonly string[]
  /** The working directory. @default the test's */
  cwd?: string
  /** A command that runs Node, with its arguments: `['sh', '-c', 'ulimit -n 40; exec "$@"', 'sh']`. @default [] */
  prefix?: readonly string[]
}

/** How a fixture ended. */
export interface FixtureExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A real Node process that runs a file of the test. */
export interface Fixture {
  readonly pid: number
  /** The lines of stdout and stderr so far, as they came. */
  readonly lines: readonly string[]
  /** Resolves when it has ended and its output is read. */
  readonly exit: Promise<FixtureExit>
  /**
   * The first line, printed already or still to come, that matches.
   *
   * @param timeout - milliseconds. @default 15_000
   * @throws Error with all that was printed, when there is none in time or the fixture ends without it.
   */
  waitForLine(pattern: RegExp, timeout?: number): Promise<RegExpMatchArray>
  /** Writes a line to its stdin. */
  tell(line: string): void
  /** @param signal - @default 'SIGKILL' */
  kill(signal?: NodeJS.Signals): void
}

/**
 * Runs a file with this Node, TypeScript and the workspace's sources included.
 *
 * @param file - usually `new URL('./fixtures/name.ts', import.meta.url)`.
 */
export function runFixture(file: string | URL, options: FixtureOptions = {}): Fixture {
  const { args = [], env = {}, execArgv = [], cwd, prefix = [] } = options
  const path = file instanceof URL ? fileURLToPath(file) : file
  const command = [...prefix, process.execPath, '-C', '@sd/source', ...execArgv, path, ...args]
  const child = spawn(command[0]!, command.slice(1), {
    env: { ...process.env, ...env },
    stdio: 'pipe',
    ...(cwd !== undefined && { cwd }),
  })
  const output = followLines(child)
  const exit = new Promise<FixtureExit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  exit.catch(() => {})
  // It may end before it has read all.
  child.stdin.on('error', () => {})
  return {
    pid: child.pid ?? -1,
    lines: output.lines,
    exit,
    waitForLine: output.waitFor,
    tell: (line) => void child.stdin.write(`${line}\n`),
    kill: (signal = 'SIGKILL') => void child.kill(signal),
  }
}

function followLines(child: ChildProcess): {
  lines: string[]
  waitFor(pattern: RegExp, timeout?: number): Promise<RegExpMatchArray>
} {
  const lines: string[] = []
  const watchers = new Set<() => void>()
  let ended = false
  const notify = (): void => {
    for (const watch of [...watchers]) watch()
  }
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      notify()
    })
  }
  for (const end of ['close', 'error']) {
    child.once(end, () => {
      ended = true
      notify()
    })
  }

  function waitFor(pattern: RegExp, timeout = 15_000): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        watchers.delete(watch)
        clearTimeout(timer)
        act()
      }
      const give = (why: string): void =>
        settle(() => reject(new Error(`No line matches ${pattern} ${why}. It printed:\n${lines.join('\n')}`)))
      const watch = (): void => {
        const match = lines.map((line) => line.match(pattern)).find((found) => found !== null)
        if (match) settle(() => resolve(match))
        else if (ended) give('and the fixture has ended')
      }
      const timer = setTimeout(() => give(`within ${timeout} ms`), timeout)
      watchers.add(watch)
      watch()
    })
  }
  return { lines, waitFor }
}
