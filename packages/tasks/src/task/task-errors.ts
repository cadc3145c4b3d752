import { SdError, suggestName, toError } from '@sd/core'
import { type Death, describeDeath, findUnclonable } from '@sd/process/exchange'
import type { TaskRecord } from './task-record.ts'

/** The error of a task that ran too long. */
export function timeoutError(task: TaskRecord, timeout: number, taskStack: string | undefined): SdError {
  const stuck = taskStack ? ` It was stuck here:\n${taskStack}` : ''
  const message = `${who(task)} took longer than ${timeout} ms and was ended. Raise its timeout, or make it faster.${stuck}`
  return new SdError('SD_TASKS_TIMEOUT', message, {
    ...facts(task),
    timeout,
    ...(taskStack && { taskStack }),
  })
}

/** The error of a task whose process ended before the task did. */
export function diedError(task: TaskRecord, death: Death): SdError {
  const message = `The process of ${who(task)} ${describeDeath(death)}`
  return new SdError('SD_TASKS_DIED', message, { ...facts(task), ...death })
}

/**
 * The error of a task that somebody has given up.
 *
 * @param point - where a debugger has aborted it.
 */
export function cancelledError(task: TaskRecord, cause: unknown, point?: string): SdError {
  const where = point === undefined ? '' : ` in the debugger, at the point ${point}`
  const more = { cause, ...(point !== undefined && { point }) }
  return new SdError('SD_TASKS_CANCELLED', `${who(task)} was cancelled${where}.`, { ...facts(task), ...more })
}

/** The error of a task that a shutdown left undone. */
export function shutdownError(task: TaskRecord, cause?: Error): SdError {
  const message = `${who(task)} was given up: the daemon is stopping.`
  return new SdError('SD_TASKS_SHUTDOWN', message, { ...facts(task), cause })
}

/** The error of a task for which there is no room. */
export function queueFullError(task: TaskRecord, maxQueue: number): SdError {
  const message = `${who(task)} was refused: ${maxQueue} tasks wait already. Run fewer, raise "limit" or "maxQueue".`
  return new SdError('SD_TASKS_QUEUE_FULL', message, { ...facts(task), maxQueue })
}

/** The error of a task that is asked for where nothing can start it. @param inChild - in a worker or task. */
export function unservedError(task: TaskRecord, inChild: boolean): SdError {
  const what = `${who(task)} was asked for`
  if (!inChild) {
    const message = `${what} before run(): nothing would start it. Run it in setup() or execute(), or after run().`
    return new SdError('SD_TASKS_NOT_RUNNING', message, facts(task))
  }
  const message = `${what} in a worker or task, where the daemon does not run. Return to the daemon what the task needs and run it there.`
  return new SdError('SD_TASKS_IN_CHILD', message, facts(task))
}

/** The error of a task whose code was never reached. */
export function startError(task: TaskRecord, cause: Error): SdError {
  // What the process itself has said comes as the cause of that.
  const told = (cause as Partial<SdError>).code === 'SD_PROCESS_START_FAILED' ? cause.cause : undefined
  const reason = told instanceof Error ? told.message : cause.message
  return new SdError('SD_TASKS_START_FAILED', `${who(task)} could not be started: ${reason}`, {
    ...facts(task),
    cause,
  })
}

/** Why a task was not reached in time. */
export function notReadyError(readyTimeout: number, stack: string | undefined): SdError {
  const stuck = stack ? ` It was stuck here:\n${stack}` : ''
  const message = `its file was not imported within ${readyTimeout} ms. Give it more time with readyTimeout, or look at what it waits for.${stuck}`
  return new SdError('SD_TASKS_NOT_READY', message, { readyTimeout, ...(stack && { taskStack: stack }) })
}

/** The error of a task whose arguments cannot be sent. */
export function unclonableArgumentsError(task: TaskRecord, cause: unknown): SdError {
  const found = findUnclonable(task.args, 'args')
  const where = found ? `${found.path} is ${found.what}` : toError(cause).message
  const message = `${who(task)}: the arguments cannot be sent to a process: ${where}. Send plain data instead.`
  return new SdError('SD_TASKS_UNCLONABLE', message, { ...facts(task), cause, path: found?.path })
}

/** The error of a task that no file of the daemon has defined. */
export function unknownTaskError(group: string, known: readonly string[]): SdError {
  const message = `There is no task "${group}".${suggestName(group, known)}`
  return new SdError('SD_TASKS_UNKNOWN', message, { group, known })
}

/** What the log is told of a failure that nobody waits for. */
export function unheardError(task: TaskRecord, cause: Error): SdError {
  const message = `${who(task)} failed, and nobody waits for it: ${cause.message}`
  return new SdError('SD_TASKS_UNHEARD', message, { cause })
}

/** What the log is told when a handler of the user's fails; the task is not affected. */
export function handlerError(task: TaskRecord, event: string, cause: Error): SdError {
  return new SdError('SD_TASKS_HANDLER', `${who(task)}: a handler of "${event}" failed: ${cause.message}`, {
    cause,
  })
}

/** A task in words. */
function who({ group, id }: TaskRecord): string {
  return `Task ${group} #${id}`
}

function facts({ id, group, pid }: TaskRecord): Record<string, unknown> {
  return { taskId: id, group, ...(pid !== undefined && { pid }) }
}
