import type { AnyTask } from '@sd/tasks'

/** What has become of the jobs: each is expected to end in a way that is known beforehand. */
export class JobBook {
  #started = 0
  readonly #ends: Record<string, number> = {}
  readonly #wrong: string[] = []

  /** @param isRight - whether it may return that. */
  add(task: AnyTask, isRight: (result: unknown) => boolean): void {
    this.#started++
    task.then(
      (result) => {
        this.#count('returned')
        if (!isRight(result)) this.#wrong.push(`${task.group} #${task.id} returned ${JSON.stringify(result)}`)
      },
      (error: Error & { code?: string }) => {
        this.#count(error.code === 'SD_TASKS_SHUTDOWN' ? 'given up' : 'failed')
        if (task.group !== 'gamble' && error.code !== 'SD_TASKS_SHUTDOWN') {
          this.#wrong.push(`${task.group} #${task.id} failed: ${error.message}`)
        }
      },
    )
  }

  /** One line; `all is well` at its end is what the test looks for. */
  summarize(): string {
    const ended = Object.values(this.#ends).reduce((sum, count) => sum + count, 0)
    const ends = Object.entries(this.#ends).map(([end, count]) => `${count} ${end}`)
    const lost = this.#started - ended
    const verdict =
      lost === 0 && this.#wrong.length === 0
        ? 'all is well'
        : `${lost} lost, wrong: ${this.#wrong.join('; ')}`
    return `${this.#started} jobs: ${ends.join(', ')}; ${verdict}`
  }

  #count(end: string): void {
    this.#ends[end] = (this.#ends[end] ?? 0) + 1
  }
}
