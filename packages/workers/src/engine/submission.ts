import type { Pace } from '../call/pace.ts'
import type { EngineCall } from './engine.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Microseconds that a call is expected to take when nothing is known about its method: as good as for ever. */
const UNKNOWN = 1e9

/** A call on its way through the local engine. */
export class Submission {
  readonly id: number
  readonly call: EngineCall
  readonly pace: Pace
  /** Whether it waits in the engine's queue. */
  queued = false
  /** The process that it was given to. */
  worker: WorkerProcess | undefined
  /** Whether that process has started it, or may have. */
  started = false
  /** When it started: milliseconds of `process.hrtime`. */
  since: number | undefined = undefined
  /** Milliseconds that it has from then on; 0: no limit. */
  timeout = 0
  /** How long it was expected to take when it was given, in microseconds. */
  expected = 0
  /** Whether its user has given it up. */
  cancelled = false
  /** How often a process died that had nothing to do but to start it. */
  suspicions = 0

  constructor(call: EngineCall, pace: Pace) {
    this.id = call.id
    this.call = call
    this.pace = pace
  }

  /** The time that it will take, in microseconds, as far as one can tell. */
  get forecast(): number {
    return Math.min(this.pace.mean, UNKNOWN)
  }
}
