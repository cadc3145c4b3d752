/**
 * Where code may stop for a debugger.
 *
 * | Name | Where | Aborted |
 * |---|---|---|
 * | `beforeFork` | daemon: a child is about to be started | a task is not started and settles as cancelled; the child of a pool is started all the same |
 * | `callSent` | daemon: a process is about to be given a call, or a task | it is not given, and settles as cancelled |
 * | `running` | worker, task: the user's code is about to run | it does not run, and settles as cancelled |
 * | `breakpoint` | worker, task, daemon: the user's own `breakpoint(label)` | that returns false; a call or a task then settles as cancelled when its code has ended |
 * | `return` | worker, task: the user's code has returned `value`; daemon: its result has arrived | the value is dropped, and it settles as cancelled |
 * | `timeout` | daemon: a timeout is about to be enforced | the process is ended all the same, and it settles as cancelled |
 * | `retry` | daemon: it is about to be tried again | it is not, and settles as cancelled |
 * | `recycle` | daemon: a worn worker process is about to be replaced | it is replaced all the same |
 * | `garbageCollection` | daemon: records of settled calls, kept for the debugger, are about to be cleaned up | they are cleaned up all the same |
 * | `shutdown` | daemon: it begins to stop | it stops all the same |
 */
export type DebugPointName =
  | 'beforeFork'
  | 'callSent'
  | 'running'
  | 'breakpoint'
  | 'return'
  | 'timeout'
  | 'retry'
  | 'recycle'
  | 'garbageCollection'
  | 'shutdown'

/** The call, or the task, that a point belongs to. */
export interface DebugPointCall {
  readonly id: number
  /** The pool's alias; the group of a task. */
  readonly pool: string
  /** The method; of a function worker and of a task the same as the pool. */
  readonly method: string
  /** The user's own objects: not copies. */
  readonly args: readonly unknown[]
}

/** A place that the code has reached, and what is known there. */
export interface DebugPoint {
  readonly name: DebugPointName
  /** What the user calls it: of a `breakpoint`. */
  readonly label?: string
  /** Where it belongs to one. Only then an abort changes anything, except for a `breakpoint`, which returns it. */
  readonly call?: DebugPointCall
  /** What was returned: at `return`. The user's own object, not a copy. */
  readonly value?: unknown
  /** What else there is to tell: pids, groups, reasons. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>
}
