import { type ChildServer, debugSeat, passPoint, SdError, systemClock, toError } from '@sd/core'
import type { ParentLink } from '@sd/process/child'
import {
  attachContext,
  createChildContext,
  describeError,
  findDefinition,
  findUnclonable,
  flattenError,
  freezeShares,
  importError,
} from '@sd/process/exchange'
import type { TaskBody, TaskDefinition } from '../definition/define-task.ts'
import type { TaskContext } from '../definition/task-context.ts'
import type { Assignment, FromTask, ToTask } from '../runner/protocol.ts'

/** Milliseconds after which the daemon is heard, whether the task's code has begun or not. */
const HEAR_AFTER = 50

/** The process's side of a task: imports its file, runs it, tells the result, and ends. */
export class TaskServer implements ChildServer {
  readonly #parent: ParentLink
  /** Made when somebody first asks for the signal. */
  #abort: AbortController | undefined
  #aborted = false
  /** Where a debugger has aborted the task, for people. */
  #abortedAt: string | undefined
  #assignment: Assignment | undefined
  #shares: Assignment['shares'] = {}
  #running: Promise<void> | undefined
  #tellEnd!: () => void
  readonly #ended: Promise<void> = new Promise((resolve) => {
    this.#tellEnd = resolve
  })

  constructor(parent: ParentLink) {
    this.#parent = parent
    parent.onMessage((message) => this.#receive(message as ToTask))
    // A task that runs may finish; a spare has nothing to finish.
    parent.onDrain(() => (this.#assignment ? this.#ended : undefined))
  }

  /** What `run()` of the daemon becomes in this process. */
  serve(): Promise<never> {
    this.#begin()
    return new Promise(() => {})
  }

  /** Takes the one task of this process's life. */
  take(assignment: Assignment): void {
    this.#assignment = assignment
    // Usually the task's code has begun by then. A file that takes long to import must not be deaf.
    setTimeout(() => this.#parent.listen(), HEAR_AFTER)
    this.#shares = freezeShares(assignment.shares)
    // The daemon must know that code of the user's may have run, whatever that does: it is written in this turn.
    this.#parent.send({ type: 'taken' } satisfies FromTask)
    process.title = assignment.title
    if (assignment.script !== undefined) process.argv[1] = assignment.script
    const { attached } = this.#parent
    // A debugger must be there before the first line of the user's is run.
    if (attached) void attached.then(() => this.#import(assignment))
    else this.#import(assignment)
  }

  #import({ url }: Assignment): void {
    import(url).then(
      () => this.#begin(),
      (error) => this.#end(() => this.#tellFailure(importError(error, url))),
    )
  }

  #receive(message: ToTask): void {
    if (message.type === 'assign') this.take(message.assignment)
    else if (message.type === 'share') this.#shares = freezeShares(message.shares)
    else if (message.type === 'abort') this.#onAbort()
  }

  #onAbort(): void {
    this.#aborted = true
    this.#abort?.abort()
  }

  get #signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.#aborted) this.#abort.abort()
    }
    return this.#abort.signal
  }

  /** Once, however often it is called: by `run()`, and at the end of the import. */
  #begin(): void {
    this.#running ??= this.#run(this.#assignment!)
  }

  async #run(assignment: Assignment): Promise<void> {
    try {
      const { body } = this.#findDefinition(assignment)
      const self = attachContext(body, this.#createContext(assignment)) as TaskBody
      this.#tell({ type: 'started', at: systemClock.now() })
      this.#pass('running')
      if (this.#abortedAt !== undefined) return this.#end(() => this.#tellAbort())
      const running = runBody(self, assignment.args)
      this.#parent.listen()
      const result = await running
      this.#pass('return', result)
      this.#end(() => (this.#abortedAt === undefined ? this.#tellResult(result) : this.#tellAbort()))
    } catch (thrown) {
      this.#end(() => (this.#abortedAt === undefined ? this.#tellFailure(thrown) : this.#tellAbort()))
    }
  }

  /** Whatever it still did, it settles as cancelled. */
  #tellAbort(): void {
    this.#tell({ type: 'aborted', point: this.#abortedAt! })
  }

  #pass(name: 'running' | 'return', value?: unknown): void {
    const seat = debugSeat()
    if (!seat.probe || this.#abortedAt !== undefined) return
    const { id, group, args } = this.#assignment!
    const call = { id, pool: group, method: group, args }
    if (!passPoint(seat, name === 'return' ? { name, call, value } : { name, call })) this.#abortedAt = name
  }

  #findDefinition({ url, ordinal, group }: Assignment): TaskDefinition {
    const definition = findDefinition<TaskDefinition>('task', url, ordinal)
    const number = `number ${ordinal + 1} of ${url}`
    if (!definition) {
      throw definitionError(
        `the file does not define it before run() is called (it is task ${number}). Call defineTask() at the top of the module, above run(), and with the module's own import.meta.url.`,
      )
    }
    if (definition.group !== group) {
      throw definitionError(
        `task ${number} is another one here (${definition.group}) than in the daemon (${group}). The file must define the same tasks in the same order in every process.`,
      )
    }
    return definition
  }

  #createContext({ id, group, args }: Assignment): TaskContext {
    const common = createChildContext({
      log: (level, message, label) =>
        this.#tell({ type: 'log', level, message, ...(label !== undefined && { label }) }),
      shares: () => this.#shares,
      notSharedCode: 'SD_TASKS_NOT_SHARED',
      current: () => ({ id, pool: group, method: group, args }),
      onAborted: (_, where) => {
        this.#abortedAt = where
        this.#onAbort()
      },
    })
    const readSignal = (): AbortSignal => this.#signal
    return {
      ...common,
      get signal() {
        return readSignal()
      },
      task: Object.freeze({ id, group }),
      progress: (value) => this.#sendValue({ type: 'progress', value }),
    }
  }

  #tellResult(value: unknown): void {
    try {
      // Without one, the message is plain enough to need no node:v8.
      this.#sendValue(value === undefined ? { type: 'returned' } : { type: 'returned', value })
    } catch (thrown) {
      this.#tellFailure(thrown)
    }
  }

  /** @throws SdError `SD_TASKS_UNCLONABLE`. */
  #sendValue(message: FromTask & { type: 'progress' | 'returned' }): void {
    try {
      this.#tell(message)
    } catch (cause) {
      const what = message.type === 'returned' ? 'result' : 'progress'
      const found = findUnclonable(message.value, what)
      const where = found ? `${found.path} is ${found.what}` : toError(cause).message
      const { group, id } = this.#assignment!
      const text = `Task ${group} #${id}: the ${what} cannot be sent to the daemon: ${where}. Use plain data instead.`
      throw new SdError('SD_TASKS_UNCLONABLE', text, { path: found?.path, cause })
    }
  }

  #tellFailure(thrown: unknown): void {
    this.#parent.send({ type: 'failed', error: flattenError(thrown) } satisfies FromTask)
  }

  /** The process ends with its task, whatever still waits in it. */
  #end(tell: () => void): void {
    tell()
    this.#tellEnd()
    this.#parent.exit(0)
  }

  /** At once: what the task does next may take the thread for itself. */
  #tell(message: FromTask): void {
    this.#parent.send(message)
    this.#parent.flush()
  }
}

/** The first failure is the one that counts: what `teardown` then throws is its consequence. */
async function runBody(body: TaskBody, args: readonly unknown[]): Promise<unknown> {
  let result: unknown
  try {
    // No turn is lost for a task without a `setup`.
    if (body.setup) await body.setup()
    result = await body.start(...args)
  } catch (thrown) {
    try {
      await body.teardown?.()
    } catch (consequence) {
      console.error(describeError(consequence))
    }
    throw thrown
  }
  await body.teardown?.()
  return result
}

function definitionError(message: string): SdError {
  return new SdError('SD_TASKS_DEFINITION_MISSING', message)
}
