import type { ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import type { Duplex, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { SharedFiles } from './channel/shared-files.ts'
import { writeTicket } from './child/launch-ticket.ts'
import { childEnvironment } from './child-environment.ts'
import { inheritableExecArgv } from './inheritable-exec-argv.ts'
import type { ResolvedChildSpec } from './options.ts'
import type { ParentDeathProtection } from './parent-death.ts'

/** A process that runs, and its pipes. */
export interface LaunchedProcess {
  readonly pid: number
  readonly process: ChildProcess
  readonly stdout: Readable
  readonly stderr: Readable
  /** Towards the child. */
  readonly down: Duplex
  /** From the child. Another pipe than `down`: a failed write would throw away what is still to be read. */
  readonly up: Duplex
  /** Gives one byte when the child's guard watches; only where there is a guard. */
  readonly guard: Duplex | undefined
}

/** What is particular to a child. */
export interface LaunchFacts {
  /** What `ps` shows. */
  readonly title: string
  /** The daemon's nice value. */
  readonly priority: number
  /** For large binary data. */
  readonly shared: SharedFiles | undefined
}

/** What there is on this system for the processes of children. */
export interface LaunchSurroundings {
  readonly protection: ParentDeathProtection
  /** The directory for compiled code. */
  readonly compileCache: string | undefined
}

/**
 * Starts the process of a child: in a session and process group of its own, so that a Ctrl-C in the terminal
 * does not reach it, and with the pipes that its runtime expects.
 *
 * @returns the process, or a promise of why there is none. Never throws.
 */
export function launch(
  spec: ResolvedChildSpec,
  { title, priority, shared }: LaunchFacts,
  { protection, compileCache }: LaunchSurroundings,
): LaunchedProcess | Promise<Error> {
  try {
    const { env, cached } = childEnvironment(process.env, spec.env, compileCache)
    const guard = protection.mode === 'guard'
    const ticket = writeTicket({
      ppid: process.pid,
      title,
      guard,
      cached,
      shared: shared && { pid: process.pid, ...shared },
    })
    const [file, ...args] = commandLine(spec, ticket, protection.prefix)
    const subprocess = execa(file!, args, {
      env,
      extendEnv: false,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', ...(guard ? (['pipe'] as const) : [])],
      buffer: false,
      reject: false,
      cleanup: false,
      detached: true,
    })
    const child = subprocess.nodeChildProcess
    if (child.pid === undefined) return subprocess.then((result) => rootCause(result as unknown as Error))
    lowerPriority(child.pid, priority)
    const [, stdout, stderr, down, up, guardPipe] = child.stdio as unknown as Pipes
    return { pid: child.pid, process: child, stdout, stderr, down, up, guard: guardPipe }
  } catch (error) {
    return Promise.resolve(rootCause(error as Error))
  }
}

type Pipes = [null, Readable, Readable, Duplex, Duplex, Duplex?]

/** Opens nothing by itself: should the inspector be started by SIGUSR1, it takes a free port, not Node's 9229. */
const INSPECTOR_PORT = ['--inspect-port=127.0.0.1:0']

function commandLine(spec: ResolvedChildSpec, ticket: string, prefix: readonly string[]): string[] {
  const { entry } = spec
  return [
    ...prefix,
    process.execPath,
    ...(spec.execArgv ?? inheritableExecArgv(process.execArgv)),
    ...INSPECTOR_PORT,
    entry instanceof URL || entry.startsWith('file:') ? fileURLToPath(entry) : entry,
    ticket,
    ...spec.args,
  ]
}

/** Before the child has a second thread: on Linux a nice value is one of a thread, which new threads inherit. */
function lowerPriority(pid: number, priority: number): void {
  try {
    setPriority(pid, Math.min(19, priority + 1))
  } catch {
    // Not permitted, or dead already: it runs as it is.
  }
}

/** Execa wraps what the system said. */
function rootCause(error: Error): Error {
  return error.cause instanceof Error ? error.cause : error
}
