import type { RunStatistics } from '@sd/process/exchange'

/**
 * Where a task is in its life. `waiting` for its turn, `starting` a process and importing its file, `running` its
 * code; the others are ends.
 */
export type TaskStatus = 'waiting' | 'starting' | 'running' | 'returned' | 'failed' | 'timeout' | 'cancelled'

/** What a task tells while it goes on, by name. */
export interface TaskEvents {
  /** A value that the task gave to `this.progress`. */
  progress: unknown
  /** It has another status. */
  status: TaskStatus
}

/**
 * A task that runs, or is to run: a promise of its result, and all that is known about it. When nobody awaits it,
 * its failure goes to the log instead of becoming an unhandled rejection.
 */
export interface Task<Result, Args extends readonly unknown[] = readonly unknown[]> extends Promise<Result> {
  /** Unique within the daemon. */
  readonly id: number
  /** What its definition is called. */
  readonly group: string
  readonly args: Args
  readonly status: TaskStatus
  /** Its process; undefined while it waits for one. */
  readonly pid: number | undefined
  /** When it reached each status: monotonic milliseconds, as `process.hrtime` counts them. */
  readonly times: Readonly<Partial<Record<TaskStatus, number>>>
  /** What it returned, once it has. */
  readonly result: Result | undefined
  /** Why it failed, once it has. */
  readonly error: Error | undefined
  /**
   * Ends it: one that waits is taken from the queue, one that has a process has that killed, with all that the process
   * started. It settles with `SD_TASKS_CANCELLED`.
   *
   * @returns when nothing of it runs any more. Never rejects.
   */
  kill(): Promise<void>
  /**
   * Calls `handler` with what the task tells. One that throws is reported to the log and stops nobody else.
   *
   * @returns a function that removes the handler.
   */
  on<Event extends keyof TaskEvents>(event: Event, handler: (value: TaskEvents[Event]) => void): () => void
}

/** Any task, for code that serves all. */
export type AnyTask = Task<unknown>

/** What is known about the tasks of one group. Durations in milliseconds, over the last 1000 that returned. */
export type TaskStatistics = RunStatistics<TaskStatus>
