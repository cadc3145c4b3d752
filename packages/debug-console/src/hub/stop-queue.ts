/**
 * Which of the processes that have stopped has the prompt. The others wait in the order in which they stopped; one that
 * takes a step keeps its turn.
 */
export class StopQueue {
  readonly #waiting: number[] = []
  /** It takes a step, and is about to stop again. */
  #stepping: number | undefined

  /** The process that has the prompt; undefined while nothing is stopped, or a step is under way. */
  get current(): number | undefined {
    return this.#stepping === undefined ? this.#waiting[0] : undefined
  }

  /** All that are stopped, in order. */
  get all(): readonly number[] {
    return this.#waiting
  }

  /** Whether the prompt waits for a step to end. */
  get stepping(): boolean {
    return this.#stepping !== undefined
  }

  /** A process has stopped. */
  add(pid: number): void {
    this.remove(pid)
    if (this.#stepping === pid) {
      this.#stepping = undefined
      this.#waiting.unshift(pid)
    } else this.#waiting.push(pid)
  }

  /** A process goes on, or is gone. */
  remove(pid: number): void {
    const place = this.#waiting.indexOf(pid)
    if (place >= 0) this.#waiting.splice(place, 1)
  }

  /** A process takes a step. */
  step(pid: number): void {
    this.remove(pid)
    this.#stepping = pid
  }

  /** The step does not end, or its process has: others may have the prompt. */
  giveUpStep(pid?: number): void {
    if (pid === undefined || this.#stepping === pid) this.#stepping = undefined
  }
}
