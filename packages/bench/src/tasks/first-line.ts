import { defineTask } from '@sd/tasks/define'

/** A task that returns when its first line ran. */
export const firstLine = defineTask(import.meta.url, (): readonly number[] => process.hrtime())
