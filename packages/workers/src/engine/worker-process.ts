import { createDeadline, type Deadline, type PluginHost, SdError, type Timer, toError } from '@sd/core'
import type { Child, ChildExit } from '@sd/process'
import { findUnclonable } from '../call/find-unclonable.ts'
import { reviveError } from '../call/flat-error.ts'
import type { EngineCall, Outcome } from './engine.ts'
import type { FromWorker, OpenMessage, ToWorker } from './protocol.ts'
import type { Recycle } from './recycle-limits.ts'
import { shutdownError } from './shutdown-error.ts'

/** A call on its way through the local engine. */
export interface PendingCall {
  readonly call: EngineCall
  readonly settle: (outcome: Outcome) => void
  /** How often a process died before it had started the call. */
  handovers: number
}

/** A call that was given to the process. */
interface RunningCall {
  readonly pending: PendingCall
  started: boolean
  /** Its sending, and once that is known its start. Monotonic milliseconds. */
  since: number
  /** Why the process is about to be ended because of it. */
  ending: 'timeout' | 'cancelled' | undefined
  /** Where it was stuck. */
  workerStack: string | undefined
  timer: Timer | undefined
}

/** What a worker process needs of its engine. */
export interface WorkerProcessSettings {
  readonly host: PluginHost
  readonly alias: string
  readonly concurrency: number
  /** Milliseconds; 0: none. */
  readonly timeout: number
  /** Milliseconds that a cancelled call has to end by itself. */
  readonly killAfter: number
  readonly limits: Required<Recycle>
  /** It has room for another call, or is to be replaced. */
  onFree(): void
  /** A call goes back to the head of the queue: the process ended before starting it. */
  onHandover(pending: PendingCall): void
}

/** A call is handed to another process this often; then it is suspected of ending them all. */
const MOST_HANDOVERS = 3
/** Milliseconds that a recycled process has to tear down. */
const RETIREMENT = 10_000

/** Milliseconds that a stuck process is given to show where it is before it is killed. */
const STACK_TIME = 500

/** One process of a pool, and the calls that it runs. */
export class WorkerProcess {
  readonly child: Child
  readonly #settings: WorkerProcessSettings
  readonly #running = new Map<number, RunningCall>()
  readonly #bornAt: number
  #calls = 0
  #memory = 0
  #retiring = false
  #draining = false
  #stopping = false
  #ageTimer: Timer | undefined

  constructor(child: Child, settings: WorkerProcessSettings) {
    this.child = child
    this.#settings = settings
    this.#bornAt = settings.host.clock.now()
    if (Number.isFinite(settings.limits.age)) {
      this.#ageTimer = settings.host.clock.after(settings.limits.age, settings.onFree, false)
    }
  }

  /** Calls that it runs. */
  get load(): number {
    return this.#running.size
  }

  /** Whether it can be given another call. */
  get available(): boolean {
    return !this.#retiring && this.child.state === 'ready' && this.load < this.#settings.concurrency
  }

  /** Whether it is on its way out. */
  get retiring(): boolean {
    return this.#retiring || this.child.state === 'draining' || this.child.state === 'exited'
  }

  /** Whether it has run, lived or grown enough to be replaced. */
  get worn(): boolean {
    const { calls, age, memory } = this.#settings.limits
    const lived = this.#settings.host.clock.now() - this.#bornAt
    return this.#calls >= calls || lived >= age || this.#memory >= memory
  }

  /** Gives it a call. */
  run(pending: PendingCall): void {
    const { call } = pending
    const { clock } = this.#settings.host
    const running: RunningCall = {
      pending,
      started: false,
      since: clock.now(),
      ending: undefined,
      workerStack: undefined,
      timer: undefined,
    }
    this.#running.set(call.id, running)
    if (!this.#send(running)) return
    this.#calls++
    this.#armTimeout(running, this.#settings.timeout)
  }

  /** Asks a call to end, and ends the process when it does not. @returns whether the call is here. */
  cancel(id: number): boolean {
    const running = this.#running.get(id)
    if (!running) return false
    if (running.ending) return true
    running.ending = 'cancelled'
    running.timer?.cancel()
    this.child.send(['cancel', id] satisfies ToWorker)
    running.timer = this.#settings.host.clock.after(this.#settings.killAfter, () => this.#kill())
    return true
  }

  /** Takes what the process says. */
  receive(message: FromWorker): void {
    switch (message[0]) {
      case 'started':
        return this.#onStarted(message[1], message[2])
      case 'returned':
        return this.#onEnded(message[1], { type: 'returned', value: message[2] })
      case 'failed':
        return this.#onEnded(message[1], { type: 'failed', error: this.#revive(message) })
      case 'log':
        return this.#onLog(message[1], message[2], message[3])
      case 'memory':
        this.#memory = message[1]
        return
    }
  }

  /** The process is gone, and all that it said has been received: settles what it leaves behind. */
  onExit(exit: ChildExit): void {
    this.#retiring = true
    this.#ageTimer?.cancel()
    const left = [...this.#running.values()]
    this.#running.clear()
    for (const running of left.reverse()) {
      running.timer?.cancel()
      const outcome = this.#outcomeOfExit(running, exit)
      if (outcome) running.pending.settle(outcome)
      else this.#settings.onHandover(running.pending)
    }
  }

  /** Takes no more calls, and ends once the last one has. */
  retire(): void {
    this.#retiring = true
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

  share(shares: OpenMessage['shares']): void {
    this.child.send(['share', shares] satisfies ToWorker)
  }

  #send(running: RunningCall): boolean {
    const { id, method, args, retries } = running.pending.call
    try {
      if (this.child.send(['call', id, method, args, retries] satisfies ToWorker)) return true
      // It is gone, but its exit is not known yet: another process gets the call.
      this.#running.delete(id)
      this.#retiring = true
      this.#settings.onHandover(running.pending)
    } catch (cause) {
      this.#running.delete(id)
      running.pending.settle({
        type: 'refused',
        error: unclonableError(this.#settings.alias, method, args, cause),
      })
    }
    return false
  }

  #armTimeout(running: RunningCall, delay: number): void {
    if (this.#settings.timeout === 0) return
    running.timer = this.#settings.host.clock.after(delay, () => this.#onTimer(running))
  }

  /** The time counts from the start of the call, which is known only after it was sent. */
  #onTimer(running: RunningCall): void {
    const { timeout, host } = this.#settings
    const left = running.since + timeout - host.clock.now()
    if (left > 0) return this.#armTimeout(running, left)
    // It waits for the thread, which another call holds: its own time has not begun.
    if (!running.started && this.#hasStartedCall()) return this.#armTimeout(running, timeout)
    running.ending = 'timeout'
    this.#retiring = true
    void this.child.readStack(STACK_TIME).then((stack) => {
      running.workerStack = stack
      this.#kill()
    })
    this.#settings.onFree()
  }

  #hasStartedCall(): boolean {
    return [...this.#running.values()].some(({ started }) => started)
  }

  #kill(): void {
    this.#retiring = true
    void this.child.kill()
    this.#settings.onFree()
  }

  #onStarted(id: number, at: number): void {
    const running = this.#running.get(id)
    if (!running) return
    running.started = true
    running.since = at
    running.pending.call.onStarted(this.child.pid!, at)
  }

  #onEnded(id: number, outcome: Outcome): void {
    const running = this.#running.get(id)
    // After a timeout the process is being ended: what it still says comes too late.
    if (!running || running.ending === 'timeout') return
    running.timer?.cancel()
    this.#running.delete(id)
    this.child.prove()
    running.pending.settle(running.ending === 'cancelled' ? { type: 'cancelled' } : outcome)
    this.#drainWhenEmpty()
    this.#settings.onFree()
  }

  #outcomeOfExit(running: RunningCall, exit: ChildExit): Outcome | undefined {
    const { ending, workerStack } = running
    if (ending === 'timeout') return { type: ending, ...(workerStack && { workerStack }) }
    if (ending === 'cancelled') return { type: ending }
    if (this.#stopping) return { type: 'refused', error: shutdownError(this.#settings.alias) }
    if (!running.started && ++running.pending.handovers <= MOST_HANDOVERS) return undefined
    const { code, signal, lastOutput, error } = exit
    return { type: 'died', exitCode: code, signal, lastOutput, ...(error && { cause: error }) }
  }

  #onLog(level: 'debug' | 'info' | 'error' | 'fatal', message: string, label = this.#settings.alias): void {
    const { host } = this.#settings
    host.record({ pid: this.child.pid!, label, level, message })
    if (level === 'error') host.dispatch('error', { message, label })
  }

  #drainWhenEmpty(): void {
    if (!this.#retiring || this.#draining || this.#running.size > 0) return
    this.#draining = true
    const deadline = createDeadline(this.#settings.host.clock, RETIREMENT)
    void this.child.drain(deadline).finally(deadline.cancel)
  }

  #revive(message: FromWorker & readonly ['failed', number, unknown]): Error {
    const error = reviveError(message[2])
    return Object.assign(error, { pid: this.child.pid })
  }
}

function unclonableError(alias: string, method: string, args: readonly unknown[], cause: unknown): SdError {
  const found = findUnclonable(args, 'args')
  const where = found ? `${found.path} is ${found.what}` : toError(cause).message
  return new SdError(
    'SD_WORKERS_UNCLONABLE',
    `${alias}.${method}(): the arguments cannot be sent to a worker process: ${where}. Send plain data instead.`,
    { cause, path: found?.path },
  )
}
