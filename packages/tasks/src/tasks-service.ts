import type { TaskDefinition } from './definition/define-task.ts'
import type { AnyTask, Task, TaskStatistics } from './task/task.ts'

/** `daemon.tasks`. */
export interface TasksService {
  /**
   * Runs a task in a fresh process, or as soon as one of those that run has ended, and returns at once. What goes
   * wrong comes through the {@link Task}, also that the daemon is stopping.
   *
   * @param task - what `defineTask` returned; `task.with({ timeout, signal })` for other options.
   * @param args - anything that structured clone takes; leave it alone until the task has started.
   * @throws SdError `SD_TASKS_DEFINITION` when it is no task.
   */
  run<Args extends unknown[], Result>(
    task: TaskDefinition<Args, Result>,
    ...args: Args
  ): Task<Awaited<Result>, Args>
  /** Whether no task waits or runs. */
  isIdle(): boolean
  /** The tasks that have not settled, the oldest first. */
  list(): AnyTask[]
  /** Statistics by group. */
  stats(): Record<string, TaskStatistics>
}
