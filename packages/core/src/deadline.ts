import type { Clock, Timer } from './clock.ts'

/**
 * One absolute point in time that everybody who takes part in a shutdown works against.
 * It can be brought forward, never put off.
 */
export interface Deadline {
  /** Monotonic time in milliseconds ({@link Clock.now}). */
  readonly at: number
  /** Milliseconds left; 0 when it has passed. */
  remaining(): number
  /** True once it has passed. */
  readonly expired: boolean
  /** Aborted at the deadline. */
  readonly signal: AbortSignal
  /** Resolves at the deadline. */
  readonly passed: Promise<void>
  /** Brings the deadline forward to now. */
  expire(): void
  /** Ends its timer when nobody waits for it any more. */
  cancel(): void
}

/**
 * @param clock - where time comes from.
 * @param budget - milliseconds from now.
 */
export function createDeadline(clock: Clock, budget: number): Deadline {
  const abort = new AbortController()
  const passed = new Promise<void>((resolve) =>
    abort.signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  let at = clock.now() + budget
  let timer: Timer | undefined
  const expire = (): void => {
    timer?.cancel()
    if (abort.signal.aborted) return
    at = Math.min(at, clock.now())
    abort.abort()
  }
  timer = budget > 0 ? clock.after(budget, expire) : undefined
  if (timer === undefined) expire()
  return {
    get at() {
      return at
    },
    remaining: () => (abort.signal.aborted ? 0 : Math.max(0, at - clock.now())),
    get expired() {
      return abort.signal.aborted
    },
    signal: abort.signal,
    passed,
    expire,
    cancel: () => timer?.cancel(),
  }
}
