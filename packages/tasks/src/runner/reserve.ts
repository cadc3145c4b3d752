import type { Json } from '@sd/core'
import type { Child, ProcessManager } from '@sd/process'
import { DEFAULT_GROUP } from '../definition/define-task.ts'
import type { TaskProcess } from './task-process.ts'

/** What a reserve is made of. */
export interface ReserveSettings {
  readonly manager: ProcessManager
  /** How many are kept ready. */
  readonly size: number
  /** Starts a blank process. */
  spawn(): TaskProcess
  /** What a process takes over from the daemon when it is spawned, as a text. */
  readInheritedState(): string
}

/** Blank processes, started beforehand, each of which waits for one task. */
export class Reserve {
  readonly #settings: ReserveSettings
  /** With what each has inherited. */
  readonly #spares = new Map<TaskProcess, string>()
  #open = false
  #waiting = false

  constructor(settings: ReserveSettings) {
    this.#settings = settings
  }

  /** Starts what is missing, and keeps it so. */
  replenish(): void {
    this.#open = true
    this.#fill()
  }

  /** The spare that is likely to be ready first. It is not replaced before {@link Reserve.replenish} is called again. */
  take(): TaskProcess | undefined {
    if (this.#spares.size === 0) return undefined
    const state = this.#settings.readInheritedState()
    for (const [spare, inherited] of this.#spares) {
      this.#spares.delete(spare)
      if (inherited === state) return spare
      // The environment, say, has changed since: a task must not see another one than the daemon has.
      void spare.child.kill()
    }
    return undefined
  }

  /** Takes back what was not used. */
  giveBack(spare: TaskProcess): void {
    if (this.#open) this.#spares.set(spare, this.#settings.readInheritedState())
    else void spare.child.kill()
  }

  /** Ends all, at once: they have nothing to finish. */
  close(): void {
    this.#open = false
    for (const spare of this.#spares.keys()) void spare.child.kill()
    this.#spares.clear()
  }

  has(child: Child): boolean {
    return [...this.#spares.keys()].some((spare) => spare.child === child)
  }

  inspect(): Json {
    return [...this.#spares.keys()].map(({ child }) => ({ pid: child.pid ?? null, state: child.state }))
  }

  #fill(): void {
    const { manager, size } = this.#settings
    while (this.#open && this.#spares.size < size) {
      if (manager.spawnDelay(DEFAULT_GROUP) > 0) return this.#fillLater()
      this.#add()
    }
  }

  #add(): void {
    const spare = this.#settings.spawn()
    this.#spares.set(spare, this.#settings.readInheritedState())
    void spare.child.exited.then(() => {
      if (this.#spares.delete(spare)) this.#fill()
    })
  }

  #fillLater(): void {
    if (this.#waiting) return
    this.#waiting = true
    void this.#settings.manager.whenSpawnAllowed(DEFAULT_GROUP).then(() => {
      this.#waiting = false
      this.#fill()
    })
  }
}
