import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sandbox } from '@sd/testing'

/** How a command ended. */
export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** What `--json` has printed. */
  json<T = Record<string, unknown>>(): T
}

/** Where a test's daemons have their sockets, pid files and logs. */
export interface Place {
  readonly runDirectory: string
  readonly logDirectory: string
  readonly env: Readonly<Record<string, string>>
}

/** Places of one test. */
export function placeOf(sandbox: Sandbox): Place {
  const runDirectory = join(sandbox.dir, 'run')
  const logDirectory = join(sandbox.dir, 'log')
  return {
    runDirectory,
    logDirectory,
    env: { ...sandbox.env, SD_RUN_DIR: runDirectory, SD_LOG_DIR: logDirectory, NO_COLOR: '' },
  }
}

/** The words that run `sd-cli` from its sources. */
export const sourceCommand: readonly string[] = [
  process.execPath,
  '-C',
  '@sd/source',
  fileURLToPath(new URL('../src/main.ts', import.meta.url)),
]

/** The words that run `sd-cli`: what is built, which starts in half the time, unless a source has changed since. */
export const cliCommand: readonly string[] = isBuilt()
  ? [process.execPath, fileURLToPath(new URL('../dist/main.js', import.meta.url))]
  : sourceCommand

function isBuilt(): boolean {
  const packages = fileURLToPath(new URL('../..', import.meta.url))
  return readdirSync(packages)
    .filter((name) => existsSync(join(packages, name, 'tsup.config.ts')))
    .every((name) => newest(join(packages, name, 'src')) < newest(join(packages, name, 'dist')))
}

/** When a file of a directory was last written; 0 where there is none. */
function newest(directory: string): number {
  if (!existsSync(directory)) return 0
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return Math.max(0, ...files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs))
}

/** The absolute path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
}

/** Runs a command to its end. @param words - what follows `sd-cli`. */
export function runCli(
  place: Place,
  words: readonly string[],
  more: { env?: Readonly<Record<string, string>>; cwd?: string; command?: readonly string[] } = {},
): Promise<CliResult> {
  const [program, ...args] = [...(more.command ?? cliCommand), ...words]
  const child = spawn(program!, args, {
    env: { ...process.env, ...place.env, ...more.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(more.cwd !== undefined && { cwd: more.cwd }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      const json = <T>(): T => {
        try {
          return JSON.parse(stdout) as T
        } catch (cause) {
          throw new Error(`No JSON: ${stdout}\n${stderr}`, { cause })
        }
      }
      resolve({ code, stdout, stderr, json })
    })
  })
}
