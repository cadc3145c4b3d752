import { fileURLToPath } from 'node:url'
import { childInspectorFlags } from '@sd/core/inspector-flags'
import type { SharedFiles } from './channel/shared-files.ts'
import { writeTicket } from './child/launch-ticket.ts'
import { childEnvironment } from './child-environment.ts'
import { inheritableExecArgv } from './inheritable-exec-argv.ts'
import type { ResolvedChildSpec } from './options.ts'
import type { ParentDeathProtection } from './parent-death.ts'

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
  /** Descriptors of this process that the child gets, too, and has to close. */
  readonly leaking: readonly number[]
}

/** All that it takes to start a process: plain data. */
export interface LaunchPlan {
  readonly file: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** Its nice value: a child is a little less important than its daemon. */
  readonly priority: number
  /** What its file descriptors are, by number: see `launch-ticket.ts`. */
  readonly stdio: readonly ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', ...'pipe'[]]
}

/**
 * @param ppid - the process that will be the child's parent.
 * @throws the system's error when there is no working directory any more.
 */
export function planLaunch(
  spec: ResolvedChildSpec,
  { title, priority, shared }: LaunchFacts,
  { protection, compileCache, leaking }: LaunchSurroundings,
  ppid: number = process.pid,
): LaunchPlan {
  const { entry } = spec
  const { env, cached } = childEnvironment(process.env, spec.env, compileCache)
  const guarded = protection.mode === 'guard'
  const execArgv = spec.execArgv ?? inheritableExecArgv(process.execArgv)
  const [file, ...args] = [
    ...protection.prefix,
    process.execPath,
    ...childInspectorFlags(execArgv),
    ...execArgv,
    entry instanceof URL || entry.startsWith('file:') ? fileURLToPath(entry) : entry,
    writeTicket({
      ppid,
      title,
      guard: guarded,
      cached,
      shared: shared && { pid: process.pid, ...shared },
      leaked: leaking.length > 0 ? leaking : undefined,
    }),
    ...spec.args,
  ]
  const stdio: LaunchPlan['stdio'] = [
    'ignore',
    'pipe',
    'pipe',
    'pipe',
    'pipe',
    ...(guarded ? ['pipe' as const] : []),
  ]
  return { file: file!, args, env, cwd: process.cwd(), stdio, priority: Math.min(19, priority + 1) }
}
