import { type Checks, describe, describeMisspelt, listMembers, must, resolveOptions, SdError } from '@sd/core'
import { enterDefinition, moduleUrl } from '@sd/process/exchange'
import type { TaskContext } from './task-context.ts'

/** What holds for one run of a task, or for a definition. */
export interface RunOptions {
  /** Milliseconds from the first line of the task's code until its process is killed; 0: none. */
  timeout?: number
  /** Gives the task up when it is aborted: one that waits at once, one that runs as soon as it has ended. */
  signal?: AbortSignal
}

/** A task that is an object. Its other members are its own state and helpers. */
export interface TaskBody {
  /** Prepares; called before `start`. */
  setup?(): unknown
  /** Does the work; what it returns, or its promise's value, is the task's result. */
  // biome-ignore lint/suspicious/noExplicitAny: `any` is the only parameter list that every method fits
  start(...args: any[]): unknown
  /** Tidies up; called after `start` whether it threw or not, and also when `setup` threw. */
  teardown?(): unknown
  /** What it is called in the log, in `ps` and in the events `fork` and `reap`. @default 'tasks' */
  group?: string
  /** As in {@link RunOptions}. @default the plugin's */
  timeout?: number
}

/** A task as `defineTask` made it: where it is written, and what it does. */
export interface TaskDefinition<Args extends unknown[] = never[], Result = unknown> {
  /** The file in which `defineTask` was called; the task's process imports it. */
  readonly url: string
  /** Which of that file's tasks it is, from 0. */
  readonly ordinal: number
  /** What it is called in the log, in `ps` and in the events `fork` and `reap`. */
  readonly group: string
  /** What holds for its runs. */
  readonly options: Readonly<RunOptions>
  /** The object whose methods are called; for a function, one with it as `start`. */
  readonly body: TaskBody & { start(...args: Args): Result }
  /**
   * The same task with other options, for one run or for all.
   *
   * @throws SdError `SD_TASKS_OPTIONS` naming the option, its value, and what to write instead.
   * @example
   * ```ts
   * daemon.tasks.run(report.with({ timeout: 60_000, signal: daemon.signal }), 'daily')
   * ```
   */
  with(options: RunOptions): TaskDefinition<Args, Result>
}

/** What a task without a name of its own is called. */
export const DEFAULT_GROUP = 'tasks'

/**
 * Defines a task that is a function: code that runs in a process of its own, from a fresh start to its end. Call it
 * at the top of a module, above any call of `run()`: the process imports that module and finds the definition again.
 * A function with a name is called by it in the log and in `ps`.
 *
 * @param module - where this is written: `import.meta.url`, or `__filename` in CommonJS.
 * @throws SdError `SD_TASKS_DEFINITION` when there is nothing that could be run.
 * @example
 * ```ts
 * export const report = defineTask(import.meta.url, async (name: string) => `${name} report`)
 * ```
 */
export function defineTask<Args extends unknown[], Result>(
  module: string | URL,
  task: (this: TaskContext, ...args: Args) => Result,
): TaskDefinition<Args, Result>
/**
 * Defines a task that is an object; `this` is the {@link TaskContext} with the object's members.
 *
 * @param module - where this is written: `import.meta.url`, or `__filename` in CommonJS.
 * @throws SdError `SD_TASKS_DEFINITION` when there is nothing that could be run.
 * @example
 * ```ts
 * export const report = defineTask(import.meta.url, {
 *   group: 'report',
 *   lines: [] as string[],
 *   async setup() { this.lines = (await readFile('sales.csv', 'utf8')).split('\n') },
 *   start(name: string) { return `${name}: ${this.lines.length} sales` },
 *   teardown() { this.log('done') },
 * })
 * ```
 */
export function defineTask<Body extends TaskBody>(
  module: string | URL,
  task: Body & ThisType<TaskContext & Body>,
): TaskDefinition<Parameters<Body['start']>, ReturnType<Body['start']>>
export function defineTask(module: string | URL, task: unknown): TaskDefinition {
  const url = moduleUrl(module)
  if (url === undefined) {
    throw definitionError(
      `the first argument must be import.meta.url (or __filename in CommonJS), not ${describe(module)}.`,
    )
  }
  const body = toBody(task)
  const group = nameGroup(task, body)
  const { timeout } = body
  const options = resolveRunOptions(`defineTask(${group})`, timeout === undefined ? {} : { timeout })
  return enterDefinition('task', url, (ordinal) => createDefinition({ url, ordinal, group, options, body }))
}

/** What of a task's members is probably not as it was meant, in sentences. */
export function listMistakes({ body }: TaskDefinition): string[] {
  const blanks = ['setup', 'teardown', 'group', 'timeout'].filter((name) => !(name in body))
  return describeMisspelt('It', listMembers(body), blanks)
}

/** Whether a value was made by `defineTask`, of whichever copy of this package. */
export function isTaskDefinition(value: unknown): value is TaskDefinition {
  const candidate = value as Partial<TaskDefinition> | null
  return typeof candidate?.body?.start === 'function' && typeof candidate.url === 'string'
}

function createDefinition(parts: Omit<TaskDefinition, 'with'>): TaskDefinition {
  return Object.freeze({
    ...parts,
    with: (options: RunOptions) =>
      createDefinition({
        ...parts,
        options: { ...parts.options, ...resolveRunOptions(`${parts.group}.with`, options) },
      }),
  })
}

const checks: Checks<RunOptions> = {
  timeout: must.beNumber(0, Number.POSITIVE_INFINITY, 'milliseconds'),
  signal: (value) =>
    typeof (value as Partial<AbortSignal> | null)?.aborted === 'boolean' ? undefined : 'an AbortSignal',
}

function resolveRunOptions(owner: string, options: RunOptions): RunOptions {
  return resolveOptions(owner, 'SD_TASKS_OPTIONS', options, {}, checks)
}

function toBody(task: unknown): TaskBody {
  if (typeof task === 'function') return { start: task as TaskBody['start'] }
  if (typeof task !== 'object' || task === null) {
    throw definitionError(
      `the second argument must be a function, or an object with a method "start", not ${describe(task)}.`,
    )
  }
  const { setup, start, teardown } = task as Partial<TaskBody>
  if (typeof start !== 'function') {
    throw definitionError(`the task must have a method "start", which does its work, not ${describe(start)}.`)
  }
  for (const [name, hook] of Object.entries({ setup, teardown })) {
    if (hook !== undefined && typeof hook !== 'function') {
      throw definitionError(`"${name}" must be a method, not ${describe(hook)}.`)
    }
  }
  return task as TaskBody
}

function nameGroup(task: unknown, { group }: TaskBody): string {
  if (group === undefined) return (typeof task === 'function' && task.name) || DEFAULT_GROUP
  if (typeof group === 'string' && group !== '') return group
  throw definitionError(`"group" must be a non-empty string, not ${describe(group)}.`)
}

function definitionError(what: string): SdError {
  return new SdError('SD_TASKS_DEFINITION', `defineTask(): ${what}`)
}
