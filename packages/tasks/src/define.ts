export {
  defineTask,
  type RunOptions,
  type TaskBody,
  type TaskDefinition,
} from './definition/define-task.ts'
export type { CurrentTask, TaskContext } from './definition/task-context.ts'
