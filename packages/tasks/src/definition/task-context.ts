import type { ChildContext } from '@sd/process/exchange'

/** The task that is running, as its own code sees it. */
export interface CurrentTask {
  /** Unique within the daemon. */
  readonly id: number
  /** What its definition is called in the log and in events. */
  readonly group: string
}

/** What a task has as `this`, beside its own members. */
export interface TaskContext extends ChildContext {
  /**
   * Tells the daemon how far it is: `task.on('progress', …)`. Values arrive in order, all of them, and before the
   * result; while the daemon does not take them, this waits.
   *
   * @param value - anything that structured clone takes.
   * @throws SdError `SD_TASKS_UNCLONABLE` naming the path of what cannot be sent.
   */
  progress(value: unknown): void
  /**
   * Aborted when somebody has given the task up, or the daemon's shutdown nears its end: the task may wind up, and
   * is killed if that takes it longer than `killAfter`.
   */
  readonly signal: AbortSignal
  /** The task itself. */
  readonly task: CurrentTask
}
