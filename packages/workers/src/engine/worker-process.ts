import {
  type Clock,
  createDeadline,
  type Deadline,
  type DebugPointCall,
  debugSeat,
  type PluginHost,
  passPoint,
  SdError,
  systemTime,
  type Timer,
  toError,
} from '@sd/core'
import type { Child, ChildExit } from '@sd/process'
import { describeMessage, findUnclonable, reviveError } from '@sd/process/exchange'
import type { Pace } from '../call/pace.ts'
import { CallWindow } from './call-window.ts'
import type { EngineCall, Outcome } from './engine.ts'
import { mayLookAhead } from './look-ahead.ts'
import * as protocol from './protocol.ts'
import { readWorkerMessage } from './read-worker-message.ts'
import type { Recycle } from './recycle-limits.ts'
import { shutdownError } from './shutdown-error.ts'
import type { Submission } from './submission.ts'

/** What a worker process needs of its engine. */
export interface WorkerProcessSettings {
  readonly host: PluginHost
  readonly alias: string
  readonly concurrency: number
  /** Milliseconds that a call has at first; 0: no limit. */
  readonly timeout: number
  /** Milliseconds that a cancelled call has to end by itself. */
  readonly killAfter: number
  readonly limits: Required<Recycle>
  /** What the worker's times count from: milliseconds of `process.hrtime`. */
  readonly epoch: number
  /** A call has ended: there may be room for another. */
  onRoom(worker: WorkerProcess): void
  /** It is not what it was: worn, about to end, or without the calls that it had. */
  onChange(): void
  /** Calls go back to the head of the queue, the first one first: they have not started, and will not here. */
  onHandback(submissions: readonly Submission[]): void
}

/** A process that dies so often with nothing to do but to start a call has that call to blame. */
const MOST_SUSPICIONS = 3

const NEVER = Number.POSITIVE_INFINITY

/** Milliseconds that a recycled process has to tear down. */
const RETIREMENT = 10_000

/** Milliseconds that a stuck process is given to show where it is before it is killed, on a busy machine. */
const STACK_TIME = 2000

/** Milliseconds for which a process that gets work done need not be reported as such again. */
const PROOF_PERIOD = 100

/** Run in a stuck process before it is killed: it tells what it had no time to tell, and what it has not begun. */
const LAST_ACT = 'globalThis[Symbol.for("sd.lastAct")]?.()'

type EndedMessage = Extract<
  protocol.FromWorker,
  readonly [typeof protocol.RETURNED | typeof protocol.FAILED | typeof protocol.ABORTED, ...unknown[]]
>

/** One process of a pool, and the calls that it was given. */
export class WorkerProcess {
  readonly child: Child
  readonly #settings: WorkerProcessSettings
  readonly #window = new CallWindow()
  readonly #seat = debugSeat()
  /** The daemon's. */
  readonly #clock: Clock
  readonly #system: Clock
  /** By the child's clock, which stands still while a debugger has it. */
  readonly #bornAt: number
  /** Calls that it was given and has not given back. */
  #given = 0
  /** Those of them that have started. */
  #begun = 0
  #memory = 0
  #retiring = false
  #draining = false
  #stopping = false
  /** It has given back calls because the one that it runs takes long: until that ends it gets no others. */
  #slow = false
  /** Why it is being ended, when that is because of a call. */
  #ending: { readonly why: 'timeout' | 'cancelled'; readonly at: number } | undefined
  /** The call that a debugger has aborted when it timed out. */
  #aborted: Submission | undefined
  /** Where it was stuck. */
  #workerStack: string | undefined
  /** When it last showed that it is alive: milliseconds of `process.hrtime`. */
  #heardAt = 0
  #provedAt = Number.NEGATIVE_INFINITY
  #ageTimer: Timer | undefined
  /** What calls get that start now. */
  #timeout: number
  #timeoutTimer: Timer | undefined
  #cancelTimer: Timer | undefined

  constructor(child: Child, settings: WorkerProcessSettings) {
    this.child = child
    this.#settings = settings
    this.#clock = settings.host.clock
    this.#system = systemTime(settings.host.clock)
    this.#timeout = settings.timeout
    this.#bornAt = child.clock.now()
    if (Number.isFinite(settings.limits.age)) {
      this.#ageTimer = child.clock.after(settings.limits.age, settings.onChange, false)
    }
  }

  /** Calls that it has. */
  get load(): number {
    return this.#window.size
  }

  /** Whether it is on its way out. */
  get retiring(): boolean {
    return this.#retiring || this.child.state === 'draining' || this.child.state === 'exited'
  }

  /**
   * Whether it has run, lived or grown enough to be replaced. A process that has begun nothing never has: each one
   * that is started gets something done, whatever the limits are.
   */
  get worn(): boolean {
    if (this.#begun === 0) return false
    const { calls, age, memory } = this.#settings.limits
    if (this.#begun >= calls || this.#memory >= memory) return true
    return age < Number.POSITIVE_INFINITY && this.child.clock.now() - this.#bornAt >= age
  }

  /** Whether it can be given a call of this pace: to be run at once, or to be at hand when its turn comes. */
  accepts(pace: Pace): boolean {
    const { concurrency, limits } = this.#settings
    if (this.#retiring || this.child.state !== 'ready' || this.#given >= limits.calls) return false
    if (this.#window.size < concurrency) return true
    return !this.#slow && mayLookAhead(this.#window, concurrency, pace, this.child.buffered)
  }

  /** Gives it a call. */
  run(submission: Submission): void {
    if (this.#seat.probe && this.#isAborted(submission)) return
    submission.worker = this
    const idle = this.#window.size === 0
    const presumed = idle && submission.pace.brief
    if (presumed) submission.started = true
    this.#window.add(submission)
    if (!this.#send(submission, presumed)) return
    this.#given++
    if (idle) this.#begin(submission)
    if (!this.#timeoutTimer && this.#timeout > 0) this.#watch()
  }

  /** Passes the point before it is sent. @returns whether a debugger has aborted it there. */
  #isAborted(submission: Submission): boolean {
    if (this.#pass('callSent', submission)) return false
    submission.call.onEnded({ type: 'cancelled', point: 'callSent' })
    return true
  }

  /** It has something to do again. */
  #begin(submission: Submission): void {
    const at = this.#system.now()
    this.#heardAt = at
    if (submission.started) this.#markStarted(submission, at)
  }

  /** @param at - milliseconds of `process.hrtime`. */
  #markStarted(submission: Submission, at: number): void {
    submission.since = at
    submission.timeout = this.#timeout
    this.#begun++
    submission.call.onStarted(this.child.pid!, this.#daemonTime(at))
  }

  /** Changes what calls have that start from now on. @param timeout - milliseconds; 0: no limit. */
  limitTime(timeout: number): void {
    this.#timeout = timeout
    this.#timeoutTimer?.cancel()
    this.#watch()
  }

  /** Asks a call to end, and ends the process when it does not. */
  cancel(submission: Submission): void {
    if (submission.cancelled) return
    submission.cancelled = true
    this.child.send([protocol.CANCEL, submission.call.id] satisfies protocol.ToWorker)
    if (submission.started) this.#armCancel()
  }

  /** Takes what the process says. */
  receive(given: unknown): void {
    const message = readWorkerMessage(given)
    if (!message) return this.child.condemn(new Error(`It was ${describeMessage(given)}.`))
    switch (message[0]) {
      case protocol.RETURNED:
      case protocol.FAILED:
      case protocol.ABORTED:
        return this.#onEnded(message)
      case protocol.STARTED:
        return this.#onStarted(message[1], message[2])
      case protocol.WITHDRAWN:
        return this.#onWithdrawn(message[1])
      case protocol.LOG:
        return this.#onLog(message[1], message[2], message[3] ?? this.#settings.alias)
      case protocol.MEMORY:
        this.#memory = message[1]
        if (this.worn) this.#settings.onChange()
    }
  }

  /** The process is gone, and all that it said has been received: settles what it leaves behind. */
  onExit(exit: ChildExit): void {
    this.#retiring = true
    for (const timer of [this.#ageTimer, this.#timeoutTimer, this.#cancelTimer]) timer?.cancel()
    const { started, waiting } = this.#window
    if (started.length === 0 && waiting[0]) waiting[0].suspicions++
    const blamed = this.#ending?.why === 'timeout' ? this.#overdue() : undefined
    const handback: Submission[] = []
    for (const submission of [...started, ...waiting]) {
      this.#window.remove(submission)
      const outcome = this.#outcomeOfExit(submission, exit, submission === blamed)
      if (outcome) submission.call.onEnded(outcome)
      else handback.push(submission)
    }
    this.#settings.onHandback(handback)
  }

  /** Takes no more calls, gives back those that have not started, and ends once the last one has. */
  retire(): void {
    if (this.#retiring) return
    this.#retiring = true
    if (this.#window.size > 0) this.child.send([protocol.WITHDRAW] satisfies protocol.ToWorker)
    this.#drainWhenEmpty()
  }

  /** Lets the running calls end until the deadline, then ends the process. */
  async stop(deadline: Deadline): Promise<void> {
    this.#retiring = true
    this.#stopping = true
    await this.child.drain(deadline)
  }

  /** Ends the process now. */
  async close(): Promise<void> {
    this.#stopping = true
    await this.child.kill()
  }

  share(shares: protocol.OpenMessage['shares']): void {
    this.child.send([protocol.SHARE, shares] satisfies protocol.ToWorker)
  }

  #send(submission: Submission, presumed: boolean): boolean {
    const { id, method, args, retries } = submission.call
    const message: protocol.CallMessage =
      retries > 0 || presumed
        ? [protocol.CALL, id, method, args, retries, presumed]
        : [protocol.CALL, id, method, args]
    try {
      if (this.child.send(message, 2)) return true
      // It is gone, but its exit is not known yet: another process gets the call.
      this.#retiring = true
      submission.started = false
      this.#window.remove(submission)
      this.#settings.onHandback([submission])
    } catch (cause) {
      this.#window.remove(submission)
      const error = unclonableError(this.#settings.alias, method, args, cause)
      submission.call.onEnded({ type: 'refused', error })
    }
    return false
  }

  /**
   * One timer for all: it is due when the first of them would be, or one that starts now, and then looks again. A
   * timer that is due later would miss calls that have less time than those before them.
   */
  #watch(): void {
    this.#timeoutTimer = undefined
    if (this.#window.size === 0) return
    const first = this.#overdue()
    const left = Math.min(first ? this.#timeLeft(first) : NEVER, this.#timeout || NEVER)
    if (left < NEVER) this.#timeoutTimer = this.child.clock.after(Math.max(0, left), () => this.#onTimer())
  }

  /** Milliseconds until it times out, by the child's clock. */
  #timeLeft(submission: Submission): number {
    return this.#dueAt(submission) - this.child.clock.now()
  }

  /** When it times out, by the child's clock. */
  #dueAt(submission: Submission): number {
    return this.#childTime(this.#startOf(submission)) + (this.#timeoutOf(submission) || NEVER)
  }

  /** One that has not started gets what holds now. */
  #timeoutOf({ started, timeout }: Submission): number {
    return started ? timeout : this.#timeout
  }

  #onTimer(): void {
    this.#timeoutTimer = undefined
    if (this.#ending) return
    const first = this.#overdue()
    // Times that differ only by how they were rounded count as passed.
    if (!first || this.#timeLeft(first) > 0.01) return this.#watch()
    if (!this.#seat.probe || this.#pass('timeout', first)) return this.#end('timeout')
    first.cancelled = true
    this.#aborted = first
    this.#end('cancelled')
  }

  /** The call that is the first to time out: of those that have started, or else that should have. */
  #overdue(): Submission | undefined {
    const { started, waiting } = this.#window
    if (started.length === 0) return waiting.find(({ cancelled }) => !cancelled)
    return started
      .filter(({ cancelled }) => !cancelled)
      .reduce<Submission | undefined>(
        (first, next) => (first && this.#dueAt(first) <= this.#dueAt(next) ? first : next),
        undefined,
      )
  }

  /** A call that waits for the thread has not begun; but a process that does not start anything is stuck, too. */
  #startOf({ started, since }: Submission): number {
    return (started && since) || this.#heardAt
  }

  #armCancel(): void {
    const { host, killAfter } = this.#settings
    this.#cancelTimer ??= host.clock.after(killAfter, () => this.#end('cancelled'))
  }

  /** Ends the process because of a call, after it has told what it had no time to tell. */
  #end(why: 'timeout' | 'cancelled'): void {
    if (this.#ending) return
    this.#ending = { why, at: this.#system.now() }
    this.#retiring = true
    void this.child.readStack(STACK_TIME, LAST_ACT).then((stack) => {
      this.#workerStack = stack
      void this.child.kill()
    })
    this.#settings.onChange()
  }

  #onStarted(lastId: number, startedAt: number): void {
    const begun = this.#window.start(lastId)
    if (!begun) return this.child.condemn(new Error(`No call ${lastId} waits there to be started.`))
    // A start in the future would never time out.
    const at = Math.min(this.#timeOf(startedAt), this.#system.now())
    this.#heardAt = at
    for (const submission of begun) {
      this.#markStarted(submission, at)
      if (submission.cancelled) this.#armCancel()
    }
    // It could run more at a time, and is not given more: another one shall.
    if (this.#window.size < this.#settings.concurrency && this.worn) this.#settings.onChange()
  }

  #onEnded(message: EndedMessage): void {
    const [, id, startedAt, duration] = message
    const submission = this.#window.get(id)
    if (!submission?.started) return this.child.condemn(new Error(`No call ${id} runs there.`))
    const at = this.#timeOf(startedAt)
    if (this.#isTooLate(submission, at, duration)) return
    this.#heardAt = at
    this.#slow = false
    this.#window.remove(submission)
    submission.pace.add(duration)
    const isEven = !this.#clock.hasStoodStill
    submission.call.onStarted(this.child.pid!, isEven ? at : this.#daemonTime(at))
    if (at >= this.#provedAt + PROOF_PERIOD) this.#prove(at)
    const outcome: Outcome = submission.cancelled ? { type: 'cancelled' } : this.#outcomeOf(message)
    submission.call.onEnded(isEven ? outcome : this.#withoutPauses(outcome, at))
    if (submission.cancelled) this.#disarmCancel()
    if (this.#retiring) this.#drainWhenEmpty()
    this.#settings.onRoom(this)
  }

  #prove(at: number): void {
    this.#provedAt = at
    this.child.prove()
  }

  #outcomeOf(message: EndedMessage): Outcome {
    if (message[0] === protocol.RETURNED) {
      return { type: 'returned', value: message[4], duration: message[3] / 1000 }
    }
    if (message[0] === protocol.ABORTED) return { type: 'cancelled', point: message[4] }
    return { type: 'failed', error: Object.assign(reviveError(message[4]), { pid: this.child.pid }) }
  }

  /** Whether the call had timed out before it ended, and its process is being ended for that. */
  #isTooLate(submission: Submission, at: number, duration: number): boolean {
    if (this.#ending?.why !== 'timeout') return false
    const end = this.#ending.at
    const isOver = this.#childTime(at) + (submission.timeout || NEVER) <= this.#childTime(end)
    return isOver && at + duration / 1000 > end
  }

  #disarmCancel(): void {
    if (this.#window.started.some(({ cancelled }) => cancelled)) return
    this.#cancelTimer?.cancel()
    this.#cancelTimer = undefined
  }

  /** They have not started, and will not here: those that nobody has given up are run elsewhere. */
  #onWithdrawn(ids: readonly number[]): void {
    const handback: Submission[] = []
    for (const id of ids) {
      const submission = this.#window.get(id)
      if (!submission) return this.child.condemn(new Error(`No call ${id} could be withdrawn.`))
      this.#window.remove(submission)
      this.#given--
      if (submission.started) this.#begun--
      submission.started = false
      if (submission.cancelled) submission.call.onEnded({ type: 'cancelled' })
      else if (this.#stopping) submission.call.onEnded(this.#refusal())
      else handback.push(submission)
    }
    this.#slow = true
    this.#disarmCancel()
    if (this.#retiring) this.#drainWhenEmpty()
    this.#settings.onHandback(handback)
    this.#settings.onChange()
  }

  #outcomeOfExit(submission: Submission, exit: ChildExit, blamed: boolean): Outcome | undefined {
    const { cancelled, started, suspicions } = submission
    if (cancelled) return { type: 'cancelled', ...(submission === this.#aborted && { point: 'timeout' }) }
    if (blamed) {
      const workerStack = this.#workerStack
      return { type: 'timeout', timeout: this.#timeoutOf(submission), ...(workerStack && { workerStack }) }
    }
    if (this.#stopping) return this.#refusal()
    if (!started && suspicions < MOST_SUSPICIONS) return undefined
    const { code, signal, lastOutput, error } = exit
    return { type: 'died', exitCode: code, signal, lastOutput, ...(error && { cause: error }) }
  }

  #refusal(): Outcome {
    return { type: 'refused', error: shutdownError(this.#settings.alias) }
  }

  /** What the worker has taken down, in milliseconds of `process.hrtime`. */
  #timeOf(microseconds: number): number {
    return this.#settings.epoch + microseconds / 1000
  }

  /** A moment of `process.hrtime` by the daemon's clock. */
  #daemonTime(at: number): number {
    const clock = this.#clock
    return clock.hasStoodStill ? clock.fromSystem!(at) : at
  }

  /** Leaves out of how long it ran the time in which the daemon stood still. @param at - as for `#markStarted`. */
  #withoutPauses(outcome: Outcome, at: number): Outcome {
    if (outcome.type !== 'returned' || outcome.duration === undefined) return outcome
    return { ...outcome, duration: this.#daemonTime(at + outcome.duration) - this.#daemonTime(at) }
  }

  /** A moment of `process.hrtime` by the child's clock: what its timeouts count by. */
  #childTime(at: number): number {
    const { clock } = this.child
    return clock.fromSystem ? clock.fromSystem(at) : at
  }

  /** @returns false when a debugger has aborted the call there. */
  #pass(name: 'callSent' | 'timeout', { call: { id, method, args } }: Submission): boolean {
    const call: DebugPointCall = { id, pool: this.#settings.alias, method, args }
    return passPoint(this.#seat, { name, call, facts: { pid: this.child.pid ?? null } })
  }

  #onLog(level: 'debug' | 'info' | 'error' | 'fatal', message: string, label: string): void {
    const { host } = this.#settings
    host.record({ pid: this.child.pid!, label, level, message })
    if (level === 'error') host.dispatch('error', { message, label })
  }

  #drainWhenEmpty(): void {
    if (!this.#retiring || this.#draining || this.#ending || this.#window.size > 0) return
    this.#draining = true
    const deadline = createDeadline(this.child.clock, RETIREMENT)
    void this.child.drain(deadline).finally(deadline.cancel)
  }
}

function unclonableError(alias: string, method: string, args: EngineCall['args'], cause: unknown): SdError {
  const found = findUnclonable(args, 'args')
  const where = found ? `${found.path} is ${found.what}` : toError(cause).message
  return new SdError(
    'SD_WORKERS_UNCLONABLE',
    `${alias}.${method}(): the arguments cannot be sent to a worker process: ${where}. Send plain data instead.`,
    { cause, path: found?.path },
  )
}
