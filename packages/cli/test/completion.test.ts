import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, requireCommand, type Sandbox, waitUntil } from '@sd/testing'
import { commands } from '../src/command-list.ts'
import { completeWords } from '../src/completion/complete-words.ts'
import { callCli } from './call-cli.ts'
import { cliCommand } from './run-cli.ts'

/** Real shells in a terminal take their time: they are the soak's. */
const SOAK = process.env.SD_SOAK === '1'

let sandbox: Sandbox
let env: Record<string, string | undefined>

beforeAll(() => {
  if (!SOAK) return
  for (const shell of ['bash', 'zsh', 'fish', 'tmux']) {
    requireCommand({ command: shell, debian: shell, elsewhere: `brew install ${shell} (macOS)` })
  }
}, 600_000)

beforeEach(() => {
  sandbox = createSandbox()
  const bin = join(sandbox.dir, 'bin')
  const runs = join(sandbox.dir, 'r')
  mkdirSync(bin)
  mkdirSync(runs, { mode: 0o700 })
  const words = cliCommand.map((word) => `'${word}'`).join(' ')
  writeFileSync(join(bin, 'sd-cli'), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 })
  for (const file of ['poller.sock', 'poller.pid', 'prime-numbers.pid', 'poller.lock.last']) {
    writeFileSync(join(runs, file), '')
  }
  writeFileSync(join(sandbox.dir, 'daemon one.ts'), '')
  mkdirSync(join(sandbox.dir, 'directory'))
  env = {
    ...process.env,
    ...sandbox.env,
    PATH: `${bin}:${process.env.PATH}`,
    SD_RUN_DIR: runs,
    HOME: sandbox.dir,
    XDG_CONFIG_HOME: sandbox.dir,
    XDG_DATA_HOME: sandbox.dir,
    XDG_CACHE_HOME: sandbox.dir,
    TERM: 'xterm',
  }
})

afterEach(() => sandbox.assertNothingLeft())

/** What may come, as a word each. */
async function complete(...words: string[]): Promise<string[]> {
  const { stdout, code } = await callCli(['completion', '--complete', '--', ...words], { env })
  expect(code).toBe(0)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0]!)
}

describe('what is completed', () => {
  test('commands', async () => {
    expect(await complete('')).toEqual(commands.map(({ name }) => name))
    expect(await complete('sta')).toEqual(
      ['start', 'status', 'stats']
        .filter((name) => commands.some((command) => command.name === name))
        .sort((a, b) => indexOf(a) - indexOf(b)),
    )
    expect(await complete('nothing-like-this')).toEqual([])
  })

  test('options, and their values', async () => {
    expect(await complete('start', '--verb')).toEqual(['--verbose'])
    expect(await complete('init', '--')).toContain('--dry-run')
    expect(await complete('status', '--j')).toEqual(['--json'])
    expect(await complete('start', '--cwd', '')).toEqual([':directories'])
    expect(await complete('start', '-p', '')).toEqual([':files'])
    // Nobody sees what is for scripts alone.
    expect(await complete('completion', '--')).not.toContain('--complete')
    expect(await complete('run', '--de')).not.toContain('--detached')
  })

  test('names of daemons, also behind options', async () => {
    expect(await complete('status', '')).toEqual(['poller', 'prime-numbers', ':files'])
    expect(await complete('logs', '-n', '5', 'pri')).toEqual(['prime-numbers', ':files'])
    expect(await complete('logs', '-n', 'po')).toEqual([])
    expect(await complete('clean', 'po')).toEqual(['poller', ':files'])
    expect(await complete('signals', 'po')).toEqual(['poller'])
  })

  test('signals, templates, shells and files', async () => {
    expect(await complete('signal', 'poller', 'USR')).toEqual(['USR1', 'USR2'])
    expect(await complete('signal', 'poller', 'SIGH')).toEqual(['SIGHUP'])
    expect(await complete('init', 'systemd')).toEqual(['systemd', 'systemd-user'])
    expect(await complete('init', 'systemd', '')).toEqual([':files'])
    expect(await complete('start', '')).toEqual([':files'])
    expect(await complete('start', 'a.ts', '--', '--po')).toEqual([':files'])
    expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  test('every command knows what all its parameters are', async () => {
    for (const { name, usage } of commands) {
      const parameters = [...usage.matchAll(/[<[]([\w-]+)/g)].map(([, parameter]) => parameter)
      for (const [index, parameter] of parameters.entries()) {
        const words = [name, ...Array.from({ length: index }, () => 'x'), '']
        const { candidates, paths } = await completeWords(words, commands)
        expect({
          name,
          parameter,
          known: candidates.length > 0 || paths !== undefined || FREE.has(parameter!),
        }).toEqual({
          name,
          parameter,
          known: true,
        })
      }
    }
  })
})

/** What only the user knows, or what depends on what runs. */
const FREE = new Set(['segment', 'command', 'target'])

function indexOf(name: string): number {
  return commands.findIndex((command) => command.name === name)
}

describe('the scripts', () => {
  test('are printed for the shell that is named, or used', async () => {
    expect((await callCli(['completion', 'zsh'], { env })).stdout).toMatch(/^#compdef sd-cli\n/)
    expect((await callCli(['completion'], { env: { ...env, SHELL: '/usr/bin/fish' } })).stdout).toContain(
      'for fish',
    )
    const wrong = await callCli(['completion', 'bsh'], { env })
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('Did you mean "bash"?')
    const unknown = await callCli(['completion'], { env: { ...env, SHELL: '/bin/tcsh' } })
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('$SHELL is "/bin/tcsh"')
  })
})

const describeSoak = SOAK ? describe : undefined

describeSoak?.('in a real shell', () => {
  test('fish completes', () => {
    const ask = (line: string): string[] => {
      const script = `sd-cli completion fish | source; complete -C '${line}'`
      const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], {
        encoding: 'utf8',
        env,
        cwd: sandbox.dir,
      })
      expect(stderr).toBe('')
      return stdout.trim().split('\n')
    }
    expect(ask('sd-cli resta')).toEqual([
      `restart\t${commands.find(({ name }) => name === 'restart')!.summary}`,
    ])
    expect(ask('sd-cli stop pri')).toEqual(['prime-numbers\ta daemon'])
    expect(ask('sd-cli start daem')[0]).toMatch(/^daemon\\? one\.ts/)
    expect(ask('sd-cli start x --cwd dir')[0]).toMatch(/^directory\//)
  })

  test.each([
    ['bash', 'bash --norc --noprofile', 'source <(sd-cli completion bash)'],
    ['zsh', 'zsh -f', 'autoload -U compinit; compinit -u -D; source <(sd-cli completion zsh)'],
    ['fish', 'fish --no-config', 'sd-cli completion fish | source'],
  ])(
    '%s completes as one types',
    async (shell, command, setUp) => {
      const terminal = openTerminal(shell, command)
      try {
        await terminal.waitFor(/[$%#>] *$/m)
        terminal.type(
          `${setUp}; echo set-up-$((20+3))`.replace(
            '$((20+3))',
            shell === 'fish' ? '(math 20+3)' : '$((20+3))',
          ),
        )
        terminal.press('Enter')
        await terminal.waitFor(/set-up-23/)
        terminal.press('C-l')
        terminal.type('sd-cli resta')
        terminal.press('Tab')
        await terminal.waitFor(/sd-cli restart/)
        terminal.type('pri')
        terminal.press('Tab')
        await terminal.waitFor(/sd-cli restart prime-numbers/)
        terminal.press('C-u')
        terminal.type('sd-cli start daem')
        terminal.press('Tab')
        await terminal.waitFor(/sd-cli start (daemon\\ one\.ts|'daemon one\.ts')/)
        terminal.press('C-u')
      } finally {
        await terminal.close()
      }
    },
    90_000,
  )
})

interface Terminal {
  type(text: string): void
  press(key: string): void
  waitFor(pattern: RegExp): Promise<void>
  close(): Promise<void>
}

/** A shell in a real terminal. */
function openTerminal(name: string, command: string): Terminal {
  const socket = join(sandbox.dir, 'tmux')
  const tmux = (...args: string[]): string =>
    spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8', env, cwd: sandbox.dir })
      .stdout
  tmux('new-session', '-d', '-s', name, '-x', '120', '-y', '30', '-c', sandbox.dir, command)
  const screen = (): string => tmux('capture-pane', '-p', '-t', name)
  return {
    type: (text) => void tmux('send-keys', '-t', name, '-l', text),
    press: (key) => void tmux('send-keys', '-t', name, key),
    waitFor: async (pattern) => {
      const deadline = performance.now() + 20_000
      while (!pattern.test(screen())) {
        if (performance.now() > deadline) throw new Error(`No ${pattern} on the screen:\n${screen()}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    async close() {
      tmux('kill-server')
      await waitUntil(() => sandbox.processes().length === 0, 'the terminal is gone')
    },
  }
}
