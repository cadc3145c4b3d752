import {
  createDeadline,
  type Deadline,
  debugSeat,
  type PluginHost,
  passPoint,
  type Timer,
  toError,
} from '@sd/core'
import type { Child, ChildExit } from '@sd/process'
import { describeMessage, reviveError } from '@sd/process/exchange'
import { notReadyError } from '../task/task-errors.ts'
import type { TaskRecord } from '../task/task-record.ts'
import type { Outcome } from './outcome.ts'
import type { Assignment, FromTask, ToTask } from './protocol.ts'
import { readTaskMessage } from './read-task-message.ts'

/** What a task's process needs of its runner. */
export interface TaskProcessSettings {
  readonly host: PluginHost
  /** Milliseconds until the task's file must be imported. */
  readonly readyTimeout: number
  /** Milliseconds between asking and killing. */
  readonly killAfter: number
  /** The task's code has begun. */
  onStarted(): void
  /** The task has ended; the process may still be about to. */
  onEnded(task: TaskRecord, outcome: Outcome): void
}

/** Milliseconds in which a spare must take its task: it has nothing else to do, so else it is stuck or stopped. */
const TAKE_TIME = 2000

/** Milliseconds that a stuck process is given to show where it is before it is killed, on a busy machine. */
const STACK_TIME = 2000

/** Why a process is being ended. */
type Ending =
  | { readonly why: 'cancelled'; readonly cause?: unknown; readonly point?: string }
  | { readonly why: 'timeout' | 'late start' | 'untaken' | 'shutdown' }

/** One process, blank or with the one task of its life. */
export class TaskProcess {
  readonly #settings: TaskProcessSettings
  #child: Child | undefined
  #task: TaskRecord | undefined
  /** Milliseconds; 0: none. */
  #timeout = 0
  #wasSpare = false
  /** Why it never was ready. */
  #startFailure: Error | undefined
  #phase: 'blank' | 'assigned' | 'taken' | 'started' | 'ended' = 'blank'
  #ending: Ending | undefined
  #stack: string | undefined
  /** The one that is due next: for the start, then for the task, then for the end. */
  #timer: Timer | undefined
  #takeTimer: Timer | undefined
  #abortTimer: Timer | undefined
  #deadline: Deadline | undefined

  constructor(settings: TaskProcessSettings) {
    this.#settings = settings
  }

  /** The process. It is followed from `follow` on. */
  get child(): Child {
    return this.#child!
  }

  get task(): TaskRecord | undefined {
    return this.#task
  }

  /** Takes the child that was spawned for it. @param task - the one that it has from the start. */
  follow(child: Child, task?: { readonly record: TaskRecord; readonly timeout: number }): void {
    this.#child = child
    if (task) this.#expect(task.record, task.timeout)
    child.ready.catch((error: unknown) => {
      this.#startFailure = toError(error)
    })
    void child.exited.then((exit) => this.#onExit(exit))
  }

  /**
   * Gives a spare its task.
   *
   * @returns false when it is dead.
   * @throws DOMException `DataCloneError` when structured clone does not take the arguments; it is still a spare.
   */
  assign(task: TaskRecord, timeout: number, assignment: Assignment): boolean {
    if (!this.#send({ type: 'assign', assignment })) return false
    this.#wasSpare = true
    this.#expect(task, timeout)
    this.child.assign(task.group)
    this.#takeTimer = this.child.clock.after(TAKE_TIME, () => this.#end({ why: 'untaken' }))
    return true
  }

  /** Takes what the process says. */
  receive(given: unknown): void {
    const message = readTaskMessage(given)
    if (!message || !this.#follows(message)) {
      return this.child.condemn(new Error(`It was ${describeMessage(given)}.`))
    }
    const task = this.#task
    if (message.type === 'log') return this.#onLog(message)
    // What comes once it is settled how the task ends comes too late.
    if (!task || this.#phase === 'ended' || this.#isOver()) return
    if (message.type === 'taken') this.#onTaken()
    else if (message.type === 'started') this.#onStarted(task, message.at)
    else if (message.type === 'progress') task.emit('progress', message.value)
    else this.#onEnded(task, message)
  }

  /** Asks the task to end, and ends it if it does not. @param cause - why: an AbortSignal's reason. */
  abort(cause: unknown): void {
    if (this.#phase === 'ended' || (this.#ending && this.#ending.why !== 'untaken')) return
    this.#ending = { why: 'cancelled', cause }
    this.#send({ type: 'abort' })
    this.#armKill()
  }

  /** Ends it at once. @returns when it is dead. */
  async kill(): Promise<void> {
    if (!this.#isOver()) this.#ending = { why: 'cancelled', cause: undefined }
    await this.child.kill()
  }

  /** Lets the task finish until the deadline; shortly before, it is told to. */
  async stop(deadline: Deadline): Promise<void> {
    const { killAfter } = this.#settings
    const { clock } = this.#settings.host
    this.#abortTimer ??= clock.after(Math.max(0, deadline.remaining() - killAfter), () => {
      if (this.#ending || this.#phase === 'ended') return
      this.#ending = { why: 'shutdown' }
      this.#send({ type: 'abort' })
    })
    const onDeadline = (): void => {
      this.#ending ??= { why: 'shutdown' }
    }
    deadline.signal.addEventListener('abort', onDeadline, { once: true })
    await this.child.drain(deadline)
    deadline.signal.removeEventListener('abort', onDeadline)
  }

  /** The daemon ends at once. */
  async close(): Promise<void> {
    this.#ending ??= { why: 'shutdown' }
    await this.child.kill()
  }

  share(shares: Assignment['shares']): void {
    this.#send({ type: 'share', shares })
  }

  #expect(task: TaskRecord, timeout: number): void {
    this.#task = task
    this.#timeout = timeout
    this.#phase = 'assigned'
    task.pid = this.child.pid
    task.move('starting')
    this.#arm(this.#settings.readyTimeout, () => this.#end({ why: 'late start' }))
  }

  /** Whether a message of the process may come now. */
  #follows({ type }: FromTask): boolean {
    if (type === 'log') return true
    if (type === 'taken') return this.#phase === 'assigned'
    if (type === 'started') return this.#phase === 'taken'
    if (type === 'progress') return this.#phase === 'started'
    return this.#phase === 'taken' || this.#phase === 'started'
  }

  /** Whether its time is up, whatever it still does. */
  #isOver(): boolean {
    return this.#ending?.why === 'timeout' || this.#ending?.why === 'late start'
  }

  #onTaken(): void {
    this.#phase = 'taken'
    this.#takeTimer?.cancel()
    // Whatever becomes of the task, its process was a sound one.
    this.child.prove()
    this.#task!.pid = this.child.pid
  }

  #onStarted(task: TaskRecord, at: number): void {
    this.#phase = 'started'
    this.#timer?.cancel()
    const { clock } = this.#settings.host
    const startedAt = clock.fromSystem ? clock.fromSystem(at) : at
    task.move('running', Math.max(startedAt, task.times.starting!))
    if (this.#ending?.why === 'cancelled') this.#armKill()
    else if (this.#timeout > 0) this.#arm(this.#timeout, () => this.#onTimeout(task))
    this.#settings.onStarted()
  }

  #onTimeout(task: TaskRecord): void {
    const seat = debugSeat()
    const { id, group, args } = task
    const call = { id, pool: group, method: group, args }
    const facts = { pid: this.child.pid ?? null, timeout: this.#timeout }
    if (!seat.probe || passPoint(seat, { name: 'timeout', call, facts })) this.#end({ why: 'timeout' })
    else this.#end({ why: 'cancelled', point: 'timeout' })
  }

  #onEnded(task: TaskRecord, message: FromTask & { type: 'returned' | 'failed' | 'aborted' }): void {
    const unstarted = this.#phase === 'taken'
    this.#phase = 'ended'
    this.#timer?.cancel()
    this.#timer = undefined
    // It ends by itself. Should it not, it is helped.
    if (!this.#deadline) {
      this.#deadline = createDeadline(this.child.clock, 2 * this.#settings.killAfter)
      void this.child.drain(this.#deadline)
    }
    if (this.#ending?.why === 'cancelled') return
    if (message.type === 'returned') {
      return this.#settings.onEnded(task, { type: 'returned', value: message.value })
    }
    if (message.type === 'aborted') {
      return this.#settings.onEnded(task, { type: 'cancelled', point: message.point })
    }
    const error = Object.assign(reviveError(message.error), { pid: this.child.pid, taskId: task.id })
    if (this.#ending) this.#settings.onEnded(task, { type: 'shutdown', cause: error })
    else this.#settings.onEnded(task, { type: unstarted ? 'unstarted' : 'failed', error })
  }

  #onLog({ level, message, label }: FromTask & { type: 'log' }): void {
    const { host } = this.#settings
    const name = label ?? this.child.group
    host.record({ pid: this.child.pid!, label: name, level, message })
    if (level === 'error') host.dispatch('error', { message, label: name })
  }

  /** Ends the process because it is stuck, once it has shown where. */
  #end(ending: Ending): void {
    if (this.#ending || this.#phase === 'ended') return
    this.#ending = ending
    if (ending.why === 'untaken') {
      void this.child.kill()
      return
    }
    void this.child.readStack(STACK_TIME).then((stack) => {
      this.#stack = stack
      void this.child.kill()
    })
  }

  /** The process is gone, and all that it said has been received. */
  #onExit(exit: ChildExit): void {
    for (const timer of [this.#timer, this.#takeTimer, this.#abortTimer]) timer?.cancel()
    this.#deadline?.cancel()
    const task = this.#task
    if (task && !task.settled) this.#settings.onEnded(task, this.#outcomeOfExit(exit))
  }

  #outcomeOfExit(exit: ChildExit): Outcome {
    const ending = this.#ending
    if (ending?.why === 'cancelled') {
      const { cause, point } = ending
      return { type: 'cancelled', cause, ...(point !== undefined && { point }) }
    }
    if (ending?.why === 'shutdown') return { type: 'shutdown' }
    if (ending?.why === 'timeout') return { type: 'timeout', taskStack: this.#stack }
    if (ending?.why === 'late start') {
      return { type: 'unstarted', error: notReadyError(this.#settings.readyTimeout, this.#stack) }
    }
    if (this.#phase === 'assigned') {
      if (this.#wasSpare) return { type: 'untaken' }
      if (this.#startFailure) return { type: 'unstarted', error: this.#startFailure }
    }
    const { code, signal, lastOutput, error } = exit
    return { type: 'died', exitCode: code, signal, lastOutput, ...(error && { cause: error }) }
  }

  #send(message: ToTask): boolean {
    return this.child.send(message)
  }

  /** By the clock of the process: it stands still while a debugger has it. */
  #arm(delay: number, action: () => void): void {
    this.#timer?.cancel()
    this.#timer = this.child.clock.after(delay, action)
  }

  /** By the daemon's clock: what was given up ends in its time, also when a debugger has it. */
  #armKill(): void {
    this.#timer?.cancel()
    const { host, killAfter } = this.#settings
    this.#timer = host.clock.after(killAfter, () => void this.child.kill())
  }
}
