/** When a process is replaced by a fresh one, once it has begun a call. What is left out does not count. */
export interface Recycle {
  /** Calls that it has begun. */
  readonly calls?: number
  /** Milliseconds since it was started. */
  readonly age?: number
  /** Bytes of resident memory, looked at after a call. */
  readonly memory?: number
}

/** The largest share by which a limit is lowered. */
const ENTROPY = 0.25

/**
 * The limits of one process. Age and calls are lowered by a random share, so that processes that started
 * together are not replaced together. Memory is a limit of the machine, and stays.
 *
 * @param random - from 0 to 1.
 */
export function recycleLimits(recycle: Recycle, random: number): Required<Recycle> {
  const lower = (limit = Number.POSITIVE_INFINITY): number => limit * (1 - ENTROPY * random)
  return {
    calls: Math.ceil(lower(recycle.calls)),
    age: lower(recycle.age),
    memory: recycle.memory ?? Number.POSITIVE_INFINITY,
  }
}
