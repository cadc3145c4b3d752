import type { Clock, Timer } from '@sd/core'
import { CALM, type Churn, churnDelay, churnScore, countYoungDeath, isChurnPastLimit } from './churn.ts'

/** What the children of one group share: slot numbers, and the back-off when they die young. */
export class ChildGroup {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #slots = new Set<number>()
  /** What makes it wait: only a child that was started after the last young death shows that starting works again. */
  #churn: Churn = CALM
  /** What ends the daemon: the young deaths since anything got done, without those for which the system had no room. */
  #failures: Churn = CALM
  #lastDeathAt = Number.NEGATIVE_INFINITY
  #gaveUp = false
  #closed = false
  #timer: Timer | undefined
  #waiting: (() => void)[] = []

  /** @param random - from 0 to below 1. */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  /** Whether nothing may be spawned any more. */
  get closed(): boolean {
    return this.#closed
  }

  /** The decayed count of young deaths. */
  get score(): number {
    return churnScore(this.#churn, this.#clock.now())
  }

  /** Milliseconds until a child may be spawned. */
  get delay(): number {
    return this.#closed ? 0 : churnDelay(this.#churn, this.#clock.now())
  }

  /** Takes the lowest free slot, from 1. */
  takeSlot(): number {
    let slot = 1
    while (this.#slots.has(slot)) slot++
    this.#slots.add(slot)
    return slot
  }

  freeSlot(slot: number): void {
    this.#slots.delete(slot)
  }

  /**
   * A child did useful work: the group as a whole is not dying young.
   *
   * @param spawnedAt - when it was started. One that is older than the last young death says nothing about new ones.
   */
  countSuccess(spawnedAt: number): void {
    this.#failures = CALM
    if (spawnedAt >= this.#lastDeathAt && this.#churn !== CALM) this.#churn = { ...this.#churn, score: 0 }
  }

  /**
   * @param starved - whether the system had no room for it.
   * @returns true when this was one too many: once, for somebody to act on it.
   */
  countYoungDeath(starved: boolean): boolean {
    const now = this.#clock.now()
    const random = this.#random()
    this.#lastDeathAt = now
    this.#churn = countYoungDeath(this.#churn, now, random)
    if (!starved) this.#failures = countYoungDeath(this.#failures, now, random)
    if (this.#gaveUp || !isChurnPastLimit(this.#failures)) return false
    this.#gaveUp = true
    return true
  }

  /** Resolves when a child may be spawned, and when the group closes. */
  whenAllowed(): Promise<void> {
    if (this.delay === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#timer ??= this.#arm()
    })
  }

  close(): void {
    this.#closed = true
    this.#release()
  }

  /** A death during the wait makes it longer. */
  #arm(): Timer {
    return this.#clock.after(this.delay, () => {
      this.#timer = undefined
      if (this.delay > 0) this.#timer = this.#arm()
      else this.#release()
    })
  }

  #release(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
