import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A daemon in a process of its own. */
export interface RunningDaemon {
  readonly pid: number
  /** Resolves when its loop runs; false when it ended before. */
  readonly started: Promise<boolean>
  /** Resolves with the exit code when it has ended; null: by a signal, before it could do something about it. */
  readonly ended: Promise<number | null>
  kill(signal: NodeJS.Signals): void
}

/**
 * Starts a daemon in a process group of its own, so that a Ctrl-C reaches only the demo, which stops it.
 *
 * @param file - the daemon's main file.
 * @param env - environment on top of the demo's.
 * @param onLine - told of each line that it prints.
 */
export function startDaemon(
  file: URL,
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): RunningDaemon {
  const leash = fileURLToPath(new URL('./leashed-daemon.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, leash, file.href], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const started = new Promise<boolean>((resolve, reject) => {
    ended.then(() => resolve(false), reject)
    createInterface({ input: child.stdout! }).on('line', (line) => {
      onLine(line)
      if (/ Started \(/.test(line)) resolve(true)
    })
  })
  return { pid: child.pid ?? -1, started, ended, kill: (signal) => void child.kill(signal) }
}
