import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program of this example, in a process of its own. */
export interface RunningProgram {
  /** The port that its server has said it listens on. */
  readonly port: Promise<number>
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
  kill(signal: NodeJS.Signals): void
}

/** Runs a file of this example with this Node, and its flags. @param onLine - gets what it prints. */
export function startProgram(
  file: string,
  args: readonly (string | number)[],
  onLine: (line: string) => void,
): RunningProgram {
  const child = spawn(process.execPath, [...process.execArgv, file, ...args.map(String)], {
    cwd: new URL('..', import.meta.url),
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // A Ctrl-C reaches the child by itself; whatever else ends this process takes it along.
  const takeAlong = (): void => void child.kill('SIGTERM')
  process.once('exit', takeAlong)
  const port = Promise.withResolvers<number>()
  port.promise.catch(() => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    onLine(line)
    const match = /Listening on 127\.0\.0\.1:(\d+)/.exec(line)
    if (match) port.resolve(Number(match[1]))
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      process.off('exit', takeAlong)
      port.reject(new Error(`${file} has ended with exit code ${code} and never listened.`))
      resolve(code)
    })
  })
  return { port: port.promise, ended, kill: (signal) => void child.kill(signal) }
}
