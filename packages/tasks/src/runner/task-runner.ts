import {
  type CallView,
  childServer,
  type Deadline,
  type DebugFacet,
  debugSeat,
  type EventHandle,
  isAbortOf,
  type Json,
  type PluginHost,
  passPoint,
  type Timer,
} from '@sd/core'
import { ownEntry } from '@sd/core/own-entry'
import type { Child, ProcessManager } from '@sd/process'
import {
  addCaller,
  allDefinitions,
  blameCaller,
  ChildrenFacet,
  clonableShares,
  RecentRecords,
  RunCounter,
} from '@sd/process/exchange'
import { DEFAULT_GROUP, type TaskDefinition } from '../definition/define-task.ts'
import type { ResolvedTasksOptions } from '../options.ts'
import type { TaskStatistics, TaskStatus } from '../task/task.ts'
import {
  cancelledError,
  diedError,
  handlerError,
  queueFullError,
  shutdownError,
  startError,
  timeoutError,
  unclonableArgumentsError,
  unheardError,
  unknownTaskError,
  unservedError,
} from '../task/task-errors.ts'
import { type TaskOwner, TaskRecord } from '../task/task-record.ts'
import type { Outcome } from './outcome.ts'
import type { Assignment, OpenMessage } from './protocol.ts'
import { Reserve } from './reserve.ts'
import { TaskProcess } from './task-process.ts'

/** The module that a task's process starts with: source beside source, built beside built. */
export const TASK_MAIN: string = ownEntry(import.meta.url, '../child/main.ts', './child/main.js')

/** What a task's file imports, most likely: a spare loads it beforehand. */
const PRELOADED = ['@sd/core', '@sd/tasks', '@sd/tasks/define']

/** Milliseconds from the start of a task's code until the next spare is started, which takes the daemon some of them. */
const REPLENISH_DELAY = 25

/**
 * Loaded with this package, so that the first task need not wait for it; but not in task processes, which import this
 * package, too.
 */
const processPackage: Promise<typeof import('@sd/process')> | undefined = childServer()
  ? undefined
  : import('@sd/process')

/** Milliseconds between two looks at tasks that a restart waits for. */
const LOOK_AGAIN = 20

/** The tasks of a daemon: it runs so many at once, each in a process of its own, and settles each exactly once. */
export class TaskRunner implements TaskOwner {
  readonly #host: PluginHost
  readonly #options: ResolvedTasksOptions
  /** In the order in which they were asked for. */
  readonly #waiting = new Set<TaskRecord>()
  /** Processes that have a task, until they are gone. */
  readonly #busy = new Set<TaskProcess>()
  readonly #counters = new Map<string, RunCounter<TaskStatus>>()
  /** What takes a task's AbortSignal off again. */
  readonly #signals = new Map<TaskRecord, () => void>()
  readonly #seat = debugSeat()
  /** What a debugger can still look at. */
  readonly #kept = new RecentRecords<TaskRecord>(this.#seat, 'tasks')
  readonly #children = new ChildrenFacet((child) => this.#roleOf(child))
  #manager: ProcessManager | undefined
  #reserve: Reserve | undefined
  #replenishTimer: Timer | undefined
  #shareListener: EventHandle | undefined
  /** Node's flags for the processes. */
  #execArgv: readonly string[] = []
  #lastId = 0
  #accepting = true
  /** Groups whose processes die young, and that wait until they may start one again. */
  readonly #pausing = new Set<string>()

  constructor(host: PluginHost, options: ResolvedTasksOptions) {
    this.#host = host
    this.#options = options
    // From the first moment of a shutdown on, also of one that comes before this plugin was set up.
    host.signal.addEventListener('abort', () => this.#refuseMore(), { once: true })
  }

  now(): number {
    return this.#host.clock.now()
  }

  async open(): Promise<void> {
    const { processManager, inheritableExecArgv, readInheritedState } = await (processPackage ??
      import('@sd/process'))
    const manager = processManager(this.#host)
    this.#manager = manager
    this.#children.provide(manager)
    this.#execArgv = [...inheritableExecArgv(process.execArgv), ...(this.#options.execArgv ?? [])]
    this.#shareListener = this.#host.on('share', () => this.#share())
    this.#reserve = new Reserve({
      manager,
      size: this.#options.spare,
      spawn: () => this.#spawnSpare(manager),
      readInheritedState,
    })
    if (!this.#accepting) return
    if (this.#options.spareFromStart) this.#reserve.replenish()
    this.#startNext()
  }

  /** @param caller - the function whose caller asks for it. */
  run(
    definition: TaskDefinition,
    args: readonly unknown[],
    caller: (...args: never[]) => unknown,
  ): TaskRecord {
    const task = new TaskRecord(this, ++this.#lastId, definition, args, captureOrigin(caller))
    const { maxQueue } = this.#options
    const { signal } = definition.options
    if (!this.#accepting) this.#fail(task, 'cancelled', shutdownError(task))
    else if (!this.#host.runRequested)
      this.#fail(task, 'failed', unservedError(task, childServer() !== undefined))
    else if (signal?.aborted) this.#fail(task, 'cancelled', cancelledError(task, signal.reason))
    else if (this.#isFull && this.#waiting.size >= maxQueue) {
      this.#fail(task, 'failed', queueFullError(task, maxQueue))
    } else {
      this.#waiting.add(task)
      if (signal) this.#obey(signal, task)
      this.#startNext()
    }
    return task
  }

  async kill(task: TaskRecord): Promise<void> {
    if (this.#waiting.delete(task)) this.#fail(task, 'cancelled', cancelledError(task, undefined))
    else await this.#processOf(task)?.kill()
  }

  onHandlerFailed(task: TaskRecord, event: string, cause: Error): void {
    if (!isAbortOf(this.#host.signal, cause)) this.#host.error(handlerError(task, event, cause), task.group)
  }

  /** Those that have not settled, in the order in which they were asked for. */
  list(): TaskRecord[] {
    const running = [...this.#busy].map(({ task }) => task!).filter(({ settled }) => !settled)
    return [...running, ...this.#waiting].sort((a, b) => a.id - b.id)
  }

  /** Resolves when the tasks that wait or run now have settled; more are taken meanwhile. */
  async settle(): Promise<void> {
    // They are looked at, for a task that is awaited counts as handled by its caller.
    let tasks = this.list()
    while (tasks.length > 0) {
      await new Promise<void>((resolve) => void this.#host.clock.after(LOOK_AGAIN, resolve, false))
      tasks = tasks.filter(({ settled }) => !settled)
    }
  }

  stats(): Record<string, TaskStatistics> {
    return Object.fromEntries([...this.#counters].map(([group, counter]) => [group, counter.read()]))
  }

  /** Refuses what waits, and lets what runs finish until the deadline. */
  async drain(deadline: Deadline): Promise<void> {
    this.#refuseMore()
    await Promise.all([...this.#busy].map((process) => process.stop(deadline)))
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.#refuseMore()
    this.#shareListener?.()
    await Promise.all([...this.#busy].map((process) => process.close()))
    await this.#manager?.close()
  }

  /** What a debugger may see and do. */
  get facet(): DebugFacet {
    return {
      ...this.#children.facet,
      types: () => [...this.#definitions().keys()].map((group) => ({ pool: group, methods: [group] })),
      calls: () => [...this.#kept.all(), ...this.list()].map(viewTask).sort((a, b) => a.id - b.id),
      call: (group, id) => {
        const task = this.#find(id) ?? this.#kept.get(id)
        return task?.group === group ? viewTask(task) : undefined
      },
      abort: (group, id) => {
        const task = this.#find(id)
        if (task?.group !== group) return false
        void this.kill(task)
        return true
      },
      run: (group, _method, args) => {
        const definition = this.#definitions().get(group)
        return definition
          ? this.run(definition, args, this.run)
          : Promise.reject(unknownTaskError(group, [...this.#definitions().keys()]))
      },
    }
  }

  /** What the files of the daemon have defined; of the same name the first. */
  #definitions(): Map<string, TaskDefinition> {
    const all = allDefinitions<TaskDefinition>('task')
    return new Map(all.toReversed().map((definition) => [definition.group, definition]))
  }

  #find(id: number): TaskRecord | undefined {
    return this.list().find((task) => task.id === id)
  }

  #roleOf(child: Child): string | undefined {
    if ([...this.#busy].some((process) => process.child === child)) return 'task'
    return this.#reserve?.has(child) ? 'spare' : undefined
  }

  inspect(): Json {
    const unsettled = this.list()
    const groups = this.stats()
    const byStatus = Object.values(groups).map((group) => group.byStatus)
    const count = (...statuses: TaskStatus[]): number =>
      byStatus.flatMap((counts) => statuses.map((status) => counts[status] ?? 0)).reduce((a, b) => a + b, 0)
    return {
      limit: this.#options.limit,
      running: unsettled.length - this.#waiting.size,
      waiting: this.#waiting.size,
      done: count('returned'),
      failed: count('failed', 'timeout'),
      cancelled: count('cancelled'),
      spares: this.#reserve?.inspect() ?? [],
      tasks: unsettled
        .filter(({ status }) => status !== 'waiting')
        .map(({ id, group, pid = null, status }) => ({ id, group, pid, status })),
      groups: groups as unknown as Json,
    }
  }

  /** Whether a task that comes now has to wait. */
  get #isFull(): boolean {
    return !this.#manager || this.#busy.size >= this.#options.limit
  }

  #obey(signal: AbortSignal, task: TaskRecord): void {
    const onAbort = (): void => {
      if (this.#waiting.delete(task)) this.#fail(task, 'cancelled', cancelledError(task, signal.reason))
      else this.#processOf(task)?.abort(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#signals.set(task, () => signal.removeEventListener('abort', onAbort))
  }

  #processOf(task: TaskRecord): TaskProcess | undefined {
    return [...this.#busy].find((process) => process.task === task)
  }

  #refuseMore(): void {
    this.#accepting = false
    this.#replenishTimer?.cancel()
    this.#reserve?.close()
    for (const task of this.#waiting) {
      this.#waiting.delete(task)
      this.#fail(task, 'cancelled', shutdownError(task))
    }
  }

  #startNext(): void {
    while (!this.#isFull) {
      const [task] = this.#waiting
      if (!task || !this.#start(task, this.#manager!)) return
    }
  }

  /** @returns false when no process may be started for it yet. */
  #start(task: TaskRecord, manager: ProcessManager): boolean {
    if (!this.#pass('callSent', task)) return true
    try {
      const process = this.#useSpare(task) ?? this.#spawn(task, manager)
      // Undefined also where a debugger has aborted it: then it waits no more.
      if (!process) return task.settled
      this.#waiting.delete(task)
      this.#busy.add(process)
    } catch (cause) {
      this.#waiting.delete(task)
      this.#fail(task, 'failed', unclonableArgumentsError(task, cause))
    }
    return true
  }

  #useSpare(task: TaskRecord): TaskProcess | undefined {
    const reserve = this.#reserve!
    for (let spare = reserve.take(); spare; spare = reserve.take()) {
      try {
        if (spare.assign(task, this.#timeoutOf(task), this.#assignmentOf(task))) return spare
      } catch (error) {
        reserve.giveBack(spare)
        throw error
      }
    }
    return undefined
  }

  #spawn(task: TaskRecord, manager: ProcessManager): TaskProcess | undefined {
    const { group } = task
    if (manager.spawnDelay(group) > 0) {
      this.#pause(group, manager)
      return undefined
    }
    if (!this.#pass('beforeFork', task)) return undefined
    const assignment = this.#assignmentOf(task)
    return this.#spawnProcess(manager, group, { assignment }, assignment.title, task)
  }

  /** @returns false when a debugger has aborted the task there; then it has settled. */
  #pass(name: 'callSent' | 'beforeFork' | 'return' | 'retry', task: TaskRecord, value?: unknown): boolean {
    if (!this.#seat.probe) return true
    const { id, group, args, pid } = task
    const call = { id, pool: group, method: group, args }
    const point = { name, call, facts: { group, pid: pid ?? null } }
    if (passPoint(this.#seat, name === 'return' ? { ...point, value } : point)) return true
    this.#waiting.delete(task)
    this.#fail(task, 'cancelled', cancelledError(task, undefined, name))
    return false
  }

  #spawnSpare(manager: ProcessManager): TaskProcess {
    if (this.#seat.probe) passPoint(this.#seat, { name: 'beforeFork', facts: { group: 'spare' } })
    const title = `sd ${this.#host.name}: tasks spare`
    const spare = this.#spawnProcess(manager, DEFAULT_GROUP, { preload: findPreloaded() }, title)
    // The first message that a process reads takes it some time: let it be this one, while it has nothing to do.
    spare.child.ready.then(
      () => spare.share(clonableShares(this.#host, 'SD_TASKS_UNCLONABLE')),
      () => {},
    )
    return spare
  }

  #spawnProcess(
    manager: ProcessManager,
    group: string,
    initial: OpenMessage,
    title: string,
    task?: TaskRecord,
  ): TaskProcess {
    const { readyTimeout, killAfter, env } = this.#options
    const taskProcess = new TaskProcess({
      host: this.#host,
      readyTimeout,
      killAfter,
      onStarted: () => this.#replenishLater(),
      onEnded: (ended, outcome) => this.#conclude(ended, outcome),
    })
    const child = manager.spawn({
      group,
      title,
      entry: TASK_MAIN,
      args: process.argv.slice(2),
      initial,
      reserve: task === undefined,
      readyTimeout,
      killAfter,
      ...(env && { env }),
      execArgv: this.#execArgv,
      onMessage: (message) => taskProcess.receive(message),
    })
    taskProcess.follow(child, task && { record: task, timeout: this.#timeoutOf(task) })
    void child.exited.then(() => this.#onGone(taskProcess))
    return taskProcess
  }

  #onGone(taskProcess: TaskProcess): void {
    if (!this.#busy.delete(taskProcess)) return
    this.#startNext()
    this.#replenish()
  }

  /** Soon, but not while the task's own code gets going, or its result is on its way. */
  #replenishLater(): void {
    this.#replenishTimer ??= this.#host.clock.after(REPLENISH_DELAY, () => this.#replenish())
  }

  /** The first task brings the reserve, later ones fill it up. */
  #replenish(): void {
    this.#replenishTimer?.cancel()
    this.#replenishTimer = undefined
    if (this.#accepting) this.#reserve?.replenish()
  }

  /** The order is kept: those behind it wait with it. */
  #pause(group: string, manager: ProcessManager): void {
    if (this.#pausing.has(group)) return
    this.#pausing.add(group)
    void manager.whenSpawnAllowed(group).then(() => {
      this.#pausing.delete(group)
      this.#startNext()
    })
  }

  #timeoutOf(task: TaskRecord): number {
    return task.definition.options.timeout ?? this.#options.timeout
  }

  #assignmentOf({ id, group, definition, args }: TaskRecord): Assignment {
    return {
      url: definition.url,
      ordinal: definition.ordinal,
      group,
      id,
      args,
      title: `sd ${this.#host.name}: ${group} #${id}`,
      ...(process.argv[1] !== undefined && { script: process.argv[1] }),
      shares: clonableShares(this.#host, 'SD_TASKS_UNCLONABLE'),
    }
  }

  #share(): void {
    const shares = clonableShares(this.#host, 'SD_TASKS_UNCLONABLE')
    for (const process of this.#busy) process.share(shares)
  }

  #conclude(task: TaskRecord, outcome: Outcome): void {
    switch (outcome.type) {
      case 'returned':
        if (!this.#pass('return', task, outcome.value)) return
        this.#forget(task, 'returned')
        task.fulfil(outcome.value)
        return this.#announce(task)
      case 'failed':
        return this.#reject(task, 'failed', addCaller(outcome.error, task.caller))
      case 'unstarted':
        return this.#fail(task, 'failed', startError(task, outcome.error))
      case 'timeout': {
        const error = timeoutError(task, this.#timeoutOf(task), outcome.taskStack)
        this.#host.log(error.message, task.group)
        return this.#fail(task, 'timeout', error)
      }
      case 'cancelled':
        return this.#fail(task, 'cancelled', cancelledError(task, outcome.cause, outcome.point))
      case 'shutdown':
        return this.#fail(task, 'cancelled', shutdownError(task, outcome.cause))
      case 'died':
        return this.#fail(task, 'failed', diedError(task, outcome))
      case 'untaken':
        return this.#runElsewhere(task)
    }
  }

  /** Before all others: it was its turn. */
  #runElsewhere(task: TaskRecord): void {
    if (!this.#accepting) return this.#fail(task, 'cancelled', shutdownError(task))
    if (!this.#pass('retry', task)) return
    const others = [...this.#waiting]
    this.#waiting.clear()
    for (const waiting of [task, ...others]) this.#waiting.add(waiting)
    task.pid = undefined
    task.move('waiting')
  }

  /** @param error - one that the daemon made. */
  #fail(task: TaskRecord, status: TaskStatus, error: Error): void {
    this.#reject(task, status, blameCaller(error, task.caller))
  }

  #reject(task: TaskRecord, status: TaskStatus, error: Error): void {
    this.#forget(task, status)
    // `await` takes a moment to say that it waits, also for a task that failed before it was returned.
    setImmediate(() => task.observed || this.#tellUnheard(task, error))
    task.reject(status, error)
    this.#announce(task)
  }

  #tellUnheard(task: TaskRecord, error: Error): void {
    const { signal } = this.#host
    if (isAbortOf(signal, error)) this.#host.log(error.message, task.group)
    else this.#host.error(unheardError(task, error), task.group)
  }

  #forget(task: TaskRecord, status: TaskStatus): void {
    this.#signals.get(task)?.()
    this.#signals.delete(task)
    if (this.#seat.probe) this.#kept.add(task)
    let counter = this.#counters.get(task.group)
    if (!counter) {
      counter = new RunCounter()
      this.#counters.set(task.group, counter)
    }
    counter.settled(status, this.now() - (task.times.running ?? Number.NaN))
  }

  #announce(task: TaskRecord): void {
    if (this.#host.hasListeners('task')) this.#host.dispatch('task', task)
  }
}

function viewTask(task: TaskRecord): CallView {
  const { id, group, args, status, settled, pid, times, result, error } = task
  return {
    ...{ id, pool: group, method: group, args, status, settled, retries: 0, pid },
    times: { called: times.waiting!, ...times },
    ...(status === 'returned' && { result }),
    ...(error && { error }),
  }
}

/** Where it is; nowhere in a bundle, for instance. */
function findPreloaded(): string[] {
  return PRELOADED.flatMap((name) => {
    try {
      return [import.meta.resolve(name)]
    } catch {
      return []
    }
  })
}

/** The stack above a function. */
function captureOrigin(above: (...args: never[]) => unknown): { readonly stack?: string } {
  const origin: { stack?: string } = {}
  Error.captureStackTrace(origin, above)
  return origin
}
