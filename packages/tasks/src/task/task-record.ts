import { describe, SdError, toError } from '@sd/core'
import type { TaskDefinition } from '../definition/define-task.ts'
import type { Task, TaskEvents, TaskStatus } from './task.ts'

/** Who a task turns to when its user wants something of it. */
export interface TaskOwner {
  /** Monotonic milliseconds. */
  now(): number
  kill(task: TaskRecord): Promise<void>
  /** A handler of the user's has failed. */
  onHandlerFailed(task: TaskRecord, event: string, error: Error): void
}

/** A {@link Task}, as its runner sees it: with the means to move it on. */
export class TaskRecord extends Promise<unknown> implements Task<unknown> {
  readonly id: number
  readonly definition: TaskDefinition
  readonly args: readonly unknown[]
  readonly times: Partial<Record<TaskStatus, number>> = {}
  pid: number | undefined = undefined
  result: unknown = undefined
  error: Error | undefined = undefined
  readonly #owner: TaskOwner
  readonly #resolve: (value: unknown) => void
  readonly #origin: { readonly stack?: string }
  readonly #handlers: { readonly [Event in keyof TaskEvents]: Set<(value: never) => void> } = {
    progress: new Set(),
    status: new Set(),
  }
  #status: TaskStatus = 'waiting'
  #observed = false

  constructor(
    owner: TaskOwner,
    id: number,
    definition: TaskDefinition,
    args: readonly unknown[],
    origin: { readonly stack?: string },
  ) {
    let take!: (value: unknown) => void
    super((resolve) => {
      take = resolve
    })
    this.#resolve = take
    this.#owner = owner
    this.id = id
    this.definition = definition
    this.args = args
    this.#origin = origin
    this.times.waiting = owner.now()
  }

  /** What is derived from a task (`then`, `catch`, `finally`) is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  /** Where in the daemon it was asked for: the frames of a stack. V8 formats it when it is read. */
  get caller(): string {
    return this.#origin.stack?.split('\n').slice(1).join('\n') ?? ''
  }

  get group(): string {
    return this.definition.group
  }

  get status(): TaskStatus {
    return this.#status
  }

  get settled(): boolean {
    return !['waiting', 'starting', 'running'].includes(this.#status)
  }

  /** Whether anybody waits for it: `await` and all else that does comes through `then`. */
  get observed(): boolean {
    return this.#observed
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then<Fulfilled = unknown, Rejected = never>(
    onFulfilled?: ((value: unknown) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#observed = true
    return super.then(onFulfilled, onRejected)
  }

  on<Event extends keyof TaskEvents>(event: Event, handler: (value: TaskEvents[Event]) => void): () => void {
    const handlers = Object.hasOwn(this.#handlers, event) ? this.#handlers[event] : undefined
    if (!handlers || typeof handler !== 'function') {
      const message = `task.on() takes "progress" or "status" and a function, not ${describe(event)} and ${describe(handler)}.`
      throw new SdError('SD_TASKS_OPTIONS', message, { event })
    }
    handlers.add(handler)
    return () => void handlers.delete(handler)
  }

  kill(): Promise<void> {
    return this.#owner.kill(this)
  }

  /** Tells those who listen. */
  emit<Event extends keyof TaskEvents>(event: Event, value: TaskEvents[Event]): void {
    for (const handler of [...this.#handlers[event]] as ((value: TaskEvents[Event]) => unknown)[]) {
      const failed = (thrown: unknown): void => this.#owner.onHandlerFailed(this, event, toError(thrown))
      try {
        const outcome = handler(value)
        if (outcome instanceof Promise) outcome.catch(failed)
      } catch (thrown) {
        failed(thrown)
      }
    }
  }

  /** @param at - monotonic milliseconds. @default now */
  move(status: TaskStatus, at: number = this.#owner.now()): void {
    if (status === this.#status) return
    this.#status = status
    this.times[status] = at
    this.emit('status', status)
  }

  /** Settles with a result. A task settles once: a second time is a defect of the runner, and thrown. */
  fulfil(result: unknown): void {
    this.#expectUnsettled()
    this.result = result
    this.#resolve(result)
    this.move('returned')
  }

  /** Settles with an error. */
  reject(status: TaskStatus, error: Error): void {
    this.#expectUnsettled()
    this.error = error
    this.#resolve(Promise.reject(error))
    // Who waits for it hears of it; should nobody, it must not count as an unhandled rejection.
    super.then(undefined, () => {})
    this.move(status)
  }

  override get [Symbol.toStringTag](): string {
    return 'Task'
  }

  #expectUnsettled(): void {
    if (this.settled) throw new Error(`Task ${this.id} was settled twice.`)
  }
}
