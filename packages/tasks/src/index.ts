export {
  defineTask,
  type RunOptions,
  type TaskBody,
  type TaskDefinition,
} from './definition/define-task.ts'
export type { CurrentTask, TaskContext } from './definition/task-context.ts'
export { type TasksOptions, tasksDefaults } from './options.ts'
export type { AnyTask, Task, TaskEvents, TaskStatistics, TaskStatus } from './task/task.ts'
export { tasks } from './tasks.ts'
export type { TasksService } from './tasks-service.ts'
