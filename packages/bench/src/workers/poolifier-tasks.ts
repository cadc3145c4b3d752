import type { TaskFunctions } from 'poolifier'
import { methodsByName } from './methods-by-name.ts'

/** The methods under poolifier's type, which knows one kind of data for all of them. */
export const poolifierTasks: TaskFunctions<unknown, unknown> = {
  ...methodsByName,
} as unknown as TaskFunctions<unknown, unknown>
