import type { LifecycleState } from './lifecycle.ts'

/** What a daemon knows about itself. Programs may keep values of their own beside these. */
export interface Environment {
  /** The daemon's process id, in the daemon as in its children. */
  parent: number
  /** Whether it runs detached from a terminal. */
  daemonized: boolean
  /** Whether it is on its way down. */
  shutdown: boolean
  /** Whether this process only checks whether the daemon could start, before a restart: see `daemon.restart`. */
  preflight: boolean
  /** Whether `debug` messages are logged. */
  verbose: boolean
  /** Where its process id is written, if anywhere. */
  pidFile: string | undefined
  /** Where its log is written at present, absolute; undefined where the log is no file. */
  logFile: string | undefined
  /** Where the process prints, where that is a file beside the log. */
  outFile: string | undefined
  /** Whether plugins take up calls that an earlier life of the daemon has left unfinished. */
  recoverWorkers: boolean
  /** The time of day at which `run` was called. */
  startTime: Date | undefined
  /** Where it is in its life. */
  state: LifecycleState
  [key: string]: unknown
}

/** What keeps itself up to date: read off the daemon each time it is asked for. */
export type KnownValues = {
  readonly [K in
    | 'parent'
    | 'shutdown'
    | 'verbose'
    | 'state'
    | 'daemonized'
    | 'preflight'
    | 'logFile']: () => unknown
}

/** The values of one daemon: the ones it knows, beneath the ones that were set. */
export class EnvironmentValues {
  readonly #known: KnownValues
  readonly #set = new Map<string, unknown>()

  constructor(known: KnownValues) {
    this.#known = known
  }

  get(key: string): unknown {
    if (this.#set.has(key)) return this.#set.get(key)
    return Object.hasOwn(this.#known, key) ? this.#known[key as keyof KnownValues]() : undefined
  }

  set(key: string, value: unknown): void {
    this.#set.set(key, value)
  }
}
