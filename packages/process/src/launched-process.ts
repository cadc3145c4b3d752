import type { Duplex, Readable } from 'node:stream'

/** A process that runs, and its pipes. */
export interface LaunchedProcess {
  readonly pid: number
  readonly stdout: Readable
  readonly stderr: Readable
  /** Towards the child. */
  readonly down: Duplex
  /** From the child. Another pipe than `down`: a failed write would throw away what is still to be read. */
  readonly up: Duplex
  /** Gives one byte when the child's guard watches; only where there is a guard. */
  readonly guard: Duplex | undefined
  /** Calls `handler` once, when the process is dead. */
  onExit(handler: (code: number | null, signal: NodeJS.Signals | null) => void): void
  /** Signals all processes of its group; does nothing when the process is dead. */
  signalGroup(signal: NodeJS.Signals): void
}

/** A child's streams behind its standard input, by what they are for. */
export function namePipes(
  pipes: readonly unknown[],
): Pick<LaunchedProcess, 'stdout' | 'stderr' | 'down' | 'up' | 'guard'> {
  const [stdout, stderr, down, up, guard] = pipes as [Readable, Readable, Duplex, Duplex, Duplex?]
  return { stdout, stderr, down, up, guard }
}
