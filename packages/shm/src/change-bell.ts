import { type FSWatcher, watch } from 'node:fs'

/** The bell tells that the file was written to, a moment before what was written can be read. Milliseconds. */
const AFTERGLOW = 10

/** A look now and then, in case that a process died in that moment. Milliseconds. */
const ROUND = 1000

/** Where the system can watch no more files (inotify has limits). Milliseconds. */
const ROUND_WITHOUT_BELL = 20

/**
 * Rings when any process may have written. The system tells, so to wait costs nothing. It rings too often rather than
 * too seldom.
 */
export class ChangeBell {
  readonly #file: string
  readonly #listeners = new Set<() => void>()
  #watcher: FSWatcher | undefined
  #round: NodeJS.Timeout | undefined
  #afterglow: NodeJS.Timeout | undefined

  constructor(file: string) {
    this.#file = file
  }

  /** @returns ends it. While somebody listens, the process is kept running. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#start()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  #start(): void {
    try {
      this.#watcher = watch(this.#file, () => this.#onWritten())
      this.#watcher.on('error', () => this.#goRounds(ROUND_WITHOUT_BELL))
      this.#goRounds(ROUND)
    } catch {
      this.#goRounds(ROUND_WITHOUT_BELL)
    }
  }

  #goRounds(every: number): void {
    clearInterval(this.#round)
    this.#round = setInterval(this.#ring, every)
  }

  #onWritten(): void {
    this.#ring()
    this.#afterglow ??= setTimeout(() => {
      this.#afterglow = undefined
      this.#ring()
    }, AFTERGLOW)
  }

  #ring = (): void => {
    for (const listener of [...this.#listeners]) listener()
  }

  #stop(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    clearInterval(this.#round)
    clearTimeout(this.#afterglow)
    this.#afterglow = undefined
  }
}
