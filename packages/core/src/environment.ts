import type { LifecycleState } from './lifecycle.ts'

/** What a daemon knows about itself. Programs may keep values of their own beside these. */
export interface Environment {
  /** The daemon's process id, in the daemon as in its children. */
  parent: number
  /** Whether it runs detached from a terminal. */
  daemonized: boolean
  /** Whether it is on its way down. */
  shutdown: boolean
  /** Whether `debug` messages are logged. */
  verbose: boolean
  /** Where its process id is written, if anywhere. */
  pidFile: string | undefined
  /** The time of day at which `run` was called. */
  startTime: Date | undefined
  /** Where it is in its life. */
  state: LifecycleState
  [key: string]: unknown
}
