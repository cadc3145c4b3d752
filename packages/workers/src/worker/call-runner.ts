import { Fifo } from '../call/fifo.ts'
import { BRIEF, type Pace, Paces } from '../call/pace.ts'

/** A call that the daemon has sent. */
export interface GivenCall {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
  readonly retries: number
  /** Whether the daemon takes it for started already. */
  readonly presumed: boolean
}

/** What a runner needs of its surroundings. Times are microseconds of one clock. */
export interface CallRunnerSettings {
  /** How many calls run at a time. */
  readonly concurrency: number
  now(): number
  /** Runs a call: returns, throws or rejects as its method does. */
  invoke(call: GivenCall): unknown
  /** Takes down how a call has ended. */
  onReturned(call: GivenCall, startedAt: number, duration: number, value: unknown): void
  /** See {@link CallRunnerSettings.onReturned}. */
  onThrew(call: GivenCall, startedAt: number, duration: number, thrown: unknown): void
  /** Takes down that the calls up to this one start now. */
  onStarting(lastId: number, at: number): void
  /** Takes down that these calls will not be run here. */
  onWithdrawn(ids: readonly number[]): void
  /** Hands to the system what was taken down. @returns whether it has all of it. */
  flush(): boolean
  /** Calls `done` when the system has all that was taken down. */
  whenFlushed(done: () => void): void
}

/** Milliseconds without a start after which calls that wait are better off in another process. */
const PATIENCE = 1

/**
 * Runs the calls that the daemon gives, in their order.
 *
 * The daemon must know of each start before it happens: a call that it takes for one that has not started would be
 * run again elsewhere if this process were killed. So starts are announced, and the announcement is in the hands
 * of the system before the method is. A system call for each would cost more than a brief call itself; therefore
 * brief calls are announced together, as many as take {@link BRIEF} microseconds, and the results of the ones before
 * travel with the announcement. Methods that are not known to be brief are announced one by one, so that no result
 * waits behind a long call.
 */
export class CallRunner {
  readonly #settings: CallRunnerSettings
  readonly #paces = new Paces()
  readonly #queue = new Fifo<GivenCall>()
  #running = 0
  /** Calls that were announced and have not started. */
  #announced = 0
  #flushedAt = 0
  #started = 0
  #woken = false
  #blocked = false
  #stopped = false
  #impatience: NodeJS.Timeout | undefined
  #onIdle: (() => void) | undefined

  constructor(settings: CallRunnerSettings) {
    this.#settings = settings
  }

  /** Takes a call. It starts when all that came with it are here. */
  add(call: GivenCall): void {
    if (this.#stopped) return this.#settings.onWithdrawn([call.id])
    this.#queue.push(call)
    if (this.#woken) return
    this.#woken = true
    queueMicrotask(() => {
      this.#woken = false
      this.#runOn()
    })
  }

  /** Gives back a call that has not started. @returns whether it was there. */
  withdraw(id: number): boolean {
    const place = this.#queue.toArray().findIndex((call) => call.id === id)
    if (place < 0) return false
    this.#queue.removeAt(place)
    if (place < this.#announced) this.#announced--
    this.#settings.onWithdrawn([id])
    return true
  }

  /** Gives back all calls that have not started. */
  withdrawAll(): void {
    const ids = this.#queue.toArray().map(({ id }) => id)
    if (ids.length === 0) return
    this.#queue.clear()
    this.#announced = 0
    this.#settings.onWithdrawn(ids)
  }

  /** Starts no more calls; resolves when the running ones have ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.withdrawAll()
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
  }

  #runOn(): void {
    while (this.#running < this.#settings.concurrency && this.#queue.size > 0) {
      const call = this.#queue.at(0)!
      if (this.#blocked || !this.#mayStart(call)) return
      this.#queue.shift()
      this.#start(call)
    }
    if (this.#queue.size > 0 && !this.#impatience) this.#losePatience()
  }

  /** Whether the daemon is certain to learn of the call's start, whatever happens from now on. */
  #mayStart(call: GivenCall): boolean {
    if (this.#announced > 0) {
      if (this.#settings.now() - this.#flushedAt >= BRIEF && !this.#flushNow()) return false
      this.#announced--
      return true
    }
    if (call.presumed) return true
    this.#announce(call)
    if (!this.#flushNow()) return false
    this.#announced--
    return true
  }

  /** Announces the next call, and those behind it that are over in a moment. */
  #announce(first: GivenCall): void {
    let last = first
    let count = 1
    let expected = this.#briefTime(first)
    for (let next = this.#queue.at(count); next; next = this.#queue.at(count)) {
      expected += this.#briefTime(next)
      if (expected > BRIEF) break
      last = next
      count++
    }
    this.#announced = count
    this.#settings.onStarting(last.id, this.#settings.now())
  }

  /** Microseconds that a brief call takes; infinite for others. */
  #briefTime({ method }: GivenCall): number {
    const pace = this.#paces.of(method)
    return pace.brief ? pace.mean : Number.POSITIVE_INFINITY
  }

  #flushNow(): boolean {
    const flushed = this.#settings.flush()
    this.#flushedAt = this.#settings.now()
    return flushed || this.#waitForFlush()
  }

  /** The daemon does not read: nothing more is started until it does. */
  #waitForFlush(): false {
    this.#blocked = true
    this.#settings.whenFlushed(() => {
      this.#blocked = false
      this.#flushedAt = this.#settings.now()
      this.#runOn()
    })
    return false
  }

  #start(call: GivenCall): void {
    const pace = this.#paces.of(call.method)
    const startedAt = this.#settings.now()
    this.#running++
    this.#started++
    let result: unknown
    try {
      result = this.#settings.invoke(call)
    } catch (thrown) {
      return this.#threw(call, pace, startedAt, thrown)
    }
    if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') {
      return this.#returned(call, pace, startedAt, result)
    }
    const promise = result instanceof Promise ? result : Promise.resolve(result)
    promise.then(
      (value) => {
        this.#returned(call, pace, startedAt, value)
        this.#runOn()
      },
      (reason) => {
        this.#threw(call, pace, startedAt, reason)
        this.#runOn()
      },
    )
  }

  #returned(call: GivenCall, pace: Pace, startedAt: number, value: unknown): void {
    const duration = this.#settings.now() - startedAt
    this.#settings.onReturned(call, startedAt, duration, value)
    this.#ended(pace, duration)
  }

  #threw(call: GivenCall, pace: Pace, startedAt: number, thrown: unknown): void {
    const duration = this.#settings.now() - startedAt
    this.#settings.onThrew(call, startedAt, duration, thrown)
    this.#ended(pace, duration)
  }

  #ended(pace: Pace, duration: number): void {
    pace.add(duration)
    this.#running--
    if (this.#running === 0) this.#onIdle?.()
  }

  /** Calls that wait behind one that waits itself go back, for others to run. */
  #losePatience(): void {
    const started = this.#started
    this.#impatience = setTimeout(() => {
      this.#impatience = undefined
      if (this.#queue.size === 0) return
      if (started === this.#started && !this.#blocked) this.withdrawAll()
      else this.#losePatience()
    }, PATIENCE)
    this.#impatience.unref()
  }
}
