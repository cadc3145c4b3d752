import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requireCommand, type Sandbox, waitUntil } from '@sd/testing'
import { cliCommand } from './run-cli.ts'

const run = promisify(execFile)

/** A real terminal, with a shell in it. */
export interface Terminal {
  /** What is on the screen, without the empty rows at its end. */
  screen(options?: { attributes?: boolean }): Promise<string>
  /** Resolves when the screen shows it. @throws Error with the screen. */
  waitFor(pattern: RegExp, timeout?: number): Promise<string>
  /** Types text. */
  type(text: string): Promise<void>
  /** Types a line. */
  enter(line: string): Promise<void>
  /** Makes the screen empty, so that what comes then is seen to come. */
  clear(): Promise<void>
  /** Presses keys, as tmux names them: `C-c`, `Up`, `Escape`. */
  press(...keys: string[]): Promise<void>
  resize(columns: number, rows: number): Promise<void>
  /** Its modes as `stty` and the terminal itself show them: what a program must leave as it was. */
  modes(): Promise<string>
  /** Idempotent. */
  close(): Promise<void>
}

/** Its shell's prompt, which nothing else prints. */
const PROMPT = 'shell:'

/**
 * Opens a terminal: tmux, with a server of its own.
 *
 * @param sandbox - its processes are the sandbox's.
 */
export async function openTerminal(
  sandbox: Sandbox,
  {
    columns = 100,
    rows = 30,
    env = {},
  }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
): Promise<Terminal> {
  requireCommand({ command: 'tmux', debian: 'tmux', elsewhere: 'with your package manager' })
  const socket = `sd-test-${randomUUID()}`
  const variables: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: sandbox.dir,
    TMPDIR: sandbox.dir,
    // Its socket goes with the sandbox.
    TMUX_TMPDIR: sandbox.dir,
    LANG: 'C.UTF-8',
    PS1: PROMPT,
    ENV: '',
    SD_CLI: commandOf(cliCommand),
    ...(process.env.NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
    ...sandbox.env,
    ...env,
  }
  const tmux = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('tmux', ['-L', socket, '-f', '/dev/null', ...args], { env: variables })
    return stdout
  }
  const size = ['-x', String(columns), '-y', String(rows)]
  await tmux('new-session', '-d', '-s', 'test', ...size, 'sh', '-i')
  await tmux('set-option', '-g', 'status', 'off')
  // A lone escape is a key, not the beginning of one.
  await tmux('set-option', '-s', 'escape-time', '0')
  await tmux('resize-window', '-t', 'test', ...size)

  const screen = async ({ attributes = false } = {}): Promise<string> => {
    const flags = attributes ? ['-e'] : []
    const rows = (await tmux('capture-pane', '-p', ...flags, '-t', 'test')).split('\n')
    return rows
      .map((row) => row.trimEnd())
      .join('\n')
      .trimEnd()
  }
  const waitFor = async (pattern: RegExp, timeout = 20_000): Promise<string> => {
    let seen = ''
    const look = async (): Promise<boolean> => {
      seen = await screen()
      return pattern.test(seen)
    }
    try {
      await waitUntil(look, `the screen shows ${pattern}`, timeout)
    } catch (error) {
      throw new Error(`${(error as Error).message} It shows:\n${seen}`)
    }
    return seen
  }
  const type = async (text: string): Promise<void> => void (await tmux('send-keys', '-t', 'test', '-l', text))
  const press = async (...keys: string[]): Promise<void> =>
    void (await tmux('send-keys', '-t', 'test', ...keys))
  const enter = async (line: string): Promise<void> => {
    if (line !== '') await type(line)
    await press('Enter')
  }
  const clear = async (): Promise<void> => {
    await enter('clear')
    await waitFor(/^shell:$/)
  }
  await waitFor(/shell:$/)

  return {
    clear,
    screen,
    waitFor,
    type,
    enter,
    press,
    async resize(columns, rows) {
      await tmux('resize-window', '-t', 'test', '-x', String(columns), '-y', String(rows))
    },
    async modes() {
      const flags =
        '#{alternate_on} #{cursor_flag} #{insert_flag} #{wrap_flag} #{keypad_flag} #{keypad_cursor_flag} #{mouse_any_flag} #{scroll_region_upper}-#{scroll_region_lower}'
      const file = join(sandbox.dir, 'modes')
      await enter(`stty -a > ${file}; echo "modes" >> ${file}`)
      await waitUntil(() => /modes\n$/.test(read(file)), 'the modes are written')
      const modes = read(file)
      await enter(`rm ${file}`)
      await waitUntil(() => read(file) === '', 'the file is gone')
      await clear()
      return `${modes}${await tmux('display-message', '-p', '-t', 'test', flags)}`
    },
    async close() {
      // A second time there is none.
      await tmux('kill-server').catch(() => {})
    },
  }
}

function commandOf(words: readonly string[]): string {
  return words.join(' ')
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
