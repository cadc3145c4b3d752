import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A program in a process of its own. */
export interface Program {
  readonly process: ChildProcess
  /** What it has printed so far. */
  output(): string
  /** Resolves when it has ended: exit code, or null and the signal. */
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>
}

/** Runs a TypeScript file with this Node. Tests of processes need processes. */
export function runProgram(file: URL, env: Record<string, string>): Program {
  const child = spawn(process.execPath, [fileURLToPath(file)], {
    env: { ...process.env, ...env },
    stdio: 'pipe',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  return {
    process: child,
    output: () => output,
    ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  }
}
