import { definePlugin, describe, type Plugin, SdError } from '@sd/core'
import { bundledWords } from '@sd/core/own-entry'
import { allDefinitions, tellMistakes } from '@sd/process/exchange'
import { isTaskDefinition, listMistakes, type TaskDefinition } from './definition/define-task.ts'
import { resolveTasksOptions, type TasksOptions } from './options.ts'
import { TASK_MAIN, TaskRunner } from './runner/task-runner.ts'
import type { AnyTask } from './task/task.ts'
import type { TaskRecord } from './task/task-record.ts'
import type { TasksService } from './tasks-service.ts'

declare module '@sd/core' {
  interface DaemonEvents {
    /** A task has settled, whichever way. */
    task: AnyTask
  }
}

/**
 * The plugin that runs tasks: `daemon.tasks.run(task, ...args)` runs it in a fresh background process and returns a
 * {@link Task}, a promise of the result.
 *
 * @throws SdError `SD_TASKS_OPTIONS` naming the option, its value, and what to write instead.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'reports', interval: 60_000 })
 *   .use(tasks({ limit: 4 }))
 *   .execute((daemon) => void daemon.tasks.run(report, 'daily'))
 * ```
 */
export function tasks(options: TasksOptions = {}): Plugin<'tasks', TasksService> {
  const resolved = resolveTasksOptions(options)
  return definePlugin('tasks', (host) => {
    const runner = new TaskRunner(host, resolved)
    return {
      service: createService(runner),
      async checkEnvironment() {
        const { existsSync } = await import('node:fs')
        return existsSync(TASK_MAIN) ? [] : [bundledWords(TASK_MAIN, '@sd/tasks')]
      },
      setup() {
        for (const task of allDefinitions<TaskDefinition>('task')) {
          tellMistakes(host, `The task "${task.group}"`, listMistakes(task))
        }
        return runner.open()
      },
      settle: () => runner.settle(),
      drain: (deadline) => runner.drain(deadline),
      teardown: () => runner.close(),
      inspect: () => runner.inspect(),
      debug: runner.facet,
    }
  })
}

function createService(runner: TaskRunner): TasksService {
  const run = (task: unknown, ...args: unknown[]): TaskRecord => {
    if (!isTaskDefinition(task)) {
      const message = `tasks.run() takes a task, as defineTask() makes it, not ${describe(task)}.`
      throw new SdError('SD_TASKS_DEFINITION', message)
    }
    return runner.run(task as TaskDefinition, args, run)
  }
  return Object.freeze({
    run: run as TasksService['run'],
    isIdle: () => runner.list().length === 0,
    list: () => runner.list(),
    stats: () => runner.stats(),
  })
}
