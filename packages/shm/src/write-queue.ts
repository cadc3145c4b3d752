import type { Clock } from '@sd/core'
import type { WriteGate } from './write-gate.ts'

/** A write that waits for its turn. */
interface Waiting<Context> {
  /** Runs within a transaction. */
  readonly action: (context: Context) => unknown
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
  /** Monotonic, milliseconds. */
  readonly until: number
  readonly timeout: number
}

/** What the queue writes to. */
export interface QueueTarget<Context> {
  readonly name: string
  readonly gate: WriteGate
  /** Runs all actions in one transaction, or none. Returns their results. */
  commit(actions: readonly Waiting<Context>['action'][]): unknown[]
}

/** Writes that are committed together at most: others wait for as long as that takes. */
const MOST_AT_ONCE = 64

/** How long the event loop is kept at a time. Milliseconds. */
const LONGEST_STRETCH = 5

/** Looks at the gate, one for each turn of the event loop, before they become rarer. */
const QUICK_LOOKS = 50

/**
 * The writes of one thread, in order. Those of one turn of the event loop are committed together. While another
 * process writes they wait, and the event loop does not.
 */
export class WriteQueue<Context> {
  readonly #target: QueueTarget<Context>
  readonly #clock: Clock
  #waiting: Waiting<Context>[] = []
  #isScheduled = false
  #looks = 0

  constructor(target: QueueTarget<Context>, clock: Clock) {
    this.#target = target
    this.#clock = clock
  }

  /**
   * @param timeout - how long it waits for somebody else who does not get on. Milliseconds.
   * @param action - runs synchronously within a transaction, and again if the one with others fails.
   * @throws what `action` throws, then nothing is changed; SdError `SD_SHM_BUSY`: the same.
   */
  write<Result>(timeout: number, action: (context: Context) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ action, resolve, reject, until: this.#clock.now() + timeout, timeout })
      if (this.#isScheduled) return
      this.#isScheduled = true
      queueMicrotask(this.#work)
    })
  }

  #work = (): void => {
    const begin = this.#clock.now()
    while (this.#waiting.length > 0) {
      if (!this.#target.gate.tryEnter()) return this.#lookAgain()
      this.#looks = 0
      try {
        this.#commit(this.#waiting.splice(0, MOST_AT_ONCE))
      } finally {
        this.#target.gate.leave()
      }
      if (this.#clock.now() - begin > LONGEST_STRETCH && this.#waiting.length > 0) {
        setImmediate(this.#work)
        return
      }
    }
    this.#isScheduled = false
  }

  #lookAgain(): void {
    const { name, gate } = this.#target
    const now = this.#clock.now()
    this.#waiting = this.#waiting.filter((waiting) => {
      if (waiting.until > now || !gate.isStuck(waiting.timeout)) return true
      waiting.reject(gate.busyError(name, waiting.timeout))
      return false
    })
    if (this.#waiting.length === 0) this.#isScheduled = false
    else if (this.#looks++ < QUICK_LOOKS) setImmediate(this.#work)
    else this.#clock.after(1, this.#work)
  }

  #commit(group: Waiting<Context>[]): void {
    let results: unknown[]
    try {
      results = this.#target.commit(group.map(({ action }) => action))
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error)
      // One of them failed, and took the others with it: each for itself.
      else for (const one of group) this.#commit([one])
      return
    }
    group.forEach(({ resolve }, index) => {
      resolve(results[index] as never)
    })
  }
}
