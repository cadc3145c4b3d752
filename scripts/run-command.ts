import { spawn } from 'node:child_process'

/** How a command ended, and all it printed. */
export interface CommandResult {
  readonly ok: boolean
  readonly output: string
}

/** Runs a command without input and collects what it prints to stdout and stderr. */
export function runCommand(
  command: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number } = {},
): Promise<CommandResult> {
  const [file, ...args] = command
  const { promise, resolve } = Promise.withResolvers<CommandResult>()
  const child = spawn(file!, args, { ...options, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}\n` }))
  child.on('close', (code, signal) => {
    const ending = signal ? `${command.join(' ')}: ended by ${signal}\n` : ''
    resolve({ ok: code === 0, output: output + ending })
  })
  return promise
}
