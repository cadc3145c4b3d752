import { type Checks, must, resolveOptions } from '@sd/core'

/** The settings of the tasks of a daemon. */
export interface TasksOptions {
  /** How many tasks run at once; the others wait, in order. @default 16 */
  limit?: number
  /** How many tasks may wait; more are rejected with `SD_TASKS_QUEUE_FULL`. @default no limit */
  maxQueue?: number
  /**
   * Milliseconds from the first line of a task's code until its process is killed; 0: none. A definition and a
   * single run may set it otherwise. There is none by default, unlike with workers: a task that takes hours is what
   * tasks are for, it holds up nothing but its own slot, and a stop ends it by the daemon's deadline. @default 0
   */
  timeout?: number
  /**
   * How many blank processes wait, started beforehand, for the next task; 0: none. Given here they start with the
   * daemon; by default one does once the first task has started, so that a daemon that runs none pays nothing.
   * @default 1
   */
  spare?: number
  /** Milliseconds that a task's process has from its start until the task's file is imported. @default 30000 */
  readyTimeout?: number
  /** Milliseconds between asking (a task that was given up, a process at its end) and killing. @default 2000 */
  killAfter?: number
  /** Environment variables of the processes, on top of the daemon's. */
  env?: Record<string, string>
  /** Node options of the processes, such as `--max-old-space-size=200`, on top of the daemon's. */
  execArgv?: string[]
}

/** What holds where the user says nothing. */
export const tasksDefaults = Object.freeze({
  limit: 16,
  maxQueue: Number.MAX_SAFE_INTEGER,
  timeout: 0,
  spare: 1,
  readyTimeout: 30_000,
  killAfter: 2000,
})

const checks: Checks<TasksOptions> = {
  limit: must.beInteger(1, 1024),
  maxQueue: must.beInteger(0),
  timeout: must.beNumber(0, Number.POSITIVE_INFINITY, 'milliseconds'),
  spare: must.beInteger(0, 64),
  readyTimeout: must.beNumber(1, Number.POSITIVE_INFINITY, 'milliseconds'),
  killAfter: must.beNumber(0, Number.POSITIVE_INFINITY, 'milliseconds'),
  env: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((item) => typeof item === 'string')
      ? undefined
      : 'an object of strings',
  execArgv: must.beTexts,
}

/** Options with the defaults filled in. */
export type ResolvedTasksOptions = ReturnType<typeof resolveTasksOptions>

/** @throws SdError `SD_TASKS_OPTIONS` naming the option, its value, and what to write instead. */
export function resolveTasksOptions(
  given: TasksOptions,
): TasksOptions & Required<Pick<TasksOptions, keyof typeof tasksDefaults>> & { spareFromStart: boolean } {
  const resolved = resolveOptions('tasks', 'SD_TASKS_OPTIONS', given, tasksDefaults, checks)
  return { ...resolved, spareFromStart: given.spare !== undefined }
}
