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
  /** And whether each keeps the process running. */
  readonly #listeners = new Map<() => void, boolean>()
  #watcher: FSWatcher | undefined
  #round: NodeJS.Timeout | undefined
  #afterglow: NodeJS.Timeout | undefined

  constructor(file: string) {
    this.#file = file
  }

  /**
   * @param keepAlive - whether the process is kept running.
   * @returns ends it.
   */
  listen(listener: () => void, keepAlive: boolean): () => void {
    this.#listeners.set(listener, keepAlive)
    if (this.#listeners.size === 1) this.#start()
    this.#hold()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
      this.#hold()
    }
  }

  /** Keeps the process running, or not. */
  #hold(): void {
    const method = [...this.#listeners.values()].includes(true) ? 'ref' : 'unref'
    for (const handle of [this.#watcher, this.#round, this.#afterglow]) handle?.[method]()
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
    this.#hold()
  }

  #onWritten(): void {
    this.#ring()
    this.#afterglow ??= setTimeout(() => {
      this.#afterglow = undefined
      this.#ring()
    }, AFTERGLOW)
    this.#hold()
  }

  #ring = (): void => {
    for (const listener of [...this.#listeners.keys()]) listener()
  }

  #stop(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    clearInterval(this.#round)
    clearTimeout(this.#afterglow)
    this.#afterglow = undefined
  }
}
