import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cliCommand } from './run-cli.ts'

/** How a call of `sd-cli` went. */
export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How to call it. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** What is typed. */
  readonly input?: string
  /** A command that runs it, with its arguments. */
  readonly prefix?: readonly string[]
}

/** Runs the sources of `sd-cli` with this Node. */
export async function callCli(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env = {}, cwd, input = '', prefix = [] } = options
  const [command, ...args] = [...prefix, ...cliCommand, ...words] as [string, ...string[]]
  const child = spawn(command, args, {
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: 'pipe',
    ...(cwd !== undefined && { cwd }),
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk) => {
      texts[name] += chunk
    })
  }
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...texts }
}
