import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { requireCommand } from './require-command.ts'
import { waitUntil } from './wait-until.ts'

/** A real terminal, with a shell in it: tmux, with a server of its own. */
export interface Terminal {
  /** All that it has shown so far, without what scrolled beyond 5000 lines. Long lines are whole. */
  screen(): string
  /** Types a line and presses Enter. */
  type(line: string): void
  /** Presses a key, by its name in tmux: `C-c`, `Tab`, `Up`. */
  press(...keys: string[]): void
  /**
   * Waits until the screen shows something, below what was there at the last `mark`.
   *
   * @returns the match.
   */
  see(pattern: RegExp, timeout?: number): Promise<RegExpMatchArray>
  /** From now on `see` looks only at what comes. */
  mark(): void
  /** What it has shown since the last mark. */
  since(): string
  /** Closes the terminal: what runs in it gets SIGHUP. */
  close(): void
}

/** Opens a terminal with a shell whose prompt is `$ `. */
export function openTerminal(env: Readonly<Record<string, string>>, cwd: string): Terminal {
  requireCommand({ command: 'tmux', debian: 'tmux', elsewhere: 'brew install tmux (macOS)' })
  const server = `sd-${randomUUID().slice(0, 8)}`
  const tmux = (...args: string[]): string => {
    const { stdout, stderr, status } = spawnSync('tmux', ['-L', server, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env, PS1: '$ ', TMUX: '' },
      cwd,
    })
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  tmux(
    'start-server',
    ';',
    'set-option',
    '-g',
    'history-limit',
    '5000',
    ';',
    'new-session',
    '-d',
    '-x',
    '160',
    '-y',
    '50',
    'sh',
  )
  let seen = 0
  const screen = (): string => tmux('capture-pane', '-p', '-J', '-S', '-5000').replace(/[ \n]+$/, '')
  const since = (): string => screen().split('\n').slice(seen).join('\n')
  return {
    screen,
    since,
    type(line) {
      tmux('send-keys', '-l', line)
      tmux('send-keys', 'Enter')
    },
    press: (...keys) => void tmux('send-keys', ...keys),
    mark() {
      // The line with the prompt is written anew when something comes above it.
      seen = screen().split('\n').length - 1
    },
    async see(pattern, timeout = 30_000) {
      let match: RegExpMatchArray | null = null
      const look = (): boolean => {
        match = since().match(pattern)
        return match !== null
      }
      try {
        await waitUntil(look, `${pattern}`, timeout)
      } catch (cause) {
        throw new Error(`The terminal does not show ${pattern}. It shows:\n${since()}`, { cause })
      }
      return match!
    },
    close: () => void spawnSync('tmux', ['-L', server, 'kill-server']),
  }
}
