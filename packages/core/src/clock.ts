/** A running timer of a {@link Clock}. */
export interface Timer {
  /** Ends the timer; harmless when it has fired. */
  cancel(): void
}

/** Where Simple Daemon takes time from. Tests hand in a fake one. */
export interface Clock {
  /** Monotonic time in milliseconds, with fractions. On one machine and boot it compares between processes. */
  now(): number
  /** The time of day, for people. */
  date(): Date
  /**
   * Calls `action` once, not earlier than `delay` milliseconds from now.
   *
   * @param keepAlive - whether a pending timer keeps the process running. @default true
   */
  after(delay: number, action: () => void, keepAlive?: boolean): Timer
  /** The clock below, where this is one that stands still now and then: see {@link systemTime}. */
  readonly base?: Clock
  /**
   * What a moment that another process or thread has taken down is by this clock: a time of `process.hrtime`, in
   * milliseconds. Left out where they are the same.
   */
  fromSystem?(at: number): number
  /** Whether the two may differ: spares who asks often the asking. */
  readonly hasStoodStill?: boolean
}

/**
 * The clock at the bottom of another one, which never stands still: for times that other processes must understand,
 * and for what must be done in time even when a debugger has stopped the daemon.
 */
export function systemTime(clock: Clock): Clock {
  return clock.base ? systemTime(clock.base) : clock
}

/** `setTimeout` overflows beyond this many milliseconds and would fire at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

/** The real clock: `process.hrtime`, `Date` and `setTimeout`. */
export const systemClock: Clock = {
  now() {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1e3 + nanoseconds / 1e6
  },
  date: () => new Date(),
  after(delay, action, keepAlive = true) {
    let handle: NodeJS.Timeout
    const arm = (remaining: number): void => {
      const step = Math.min(Math.max(Math.ceil(remaining), 0), LONGEST_TIMEOUT)
      handle = setTimeout(() => (remaining > step ? arm(remaining - step) : action()), step)
      if (!keepAlive) handle.unref()
    }
    arm(delay)
    return { cancel: () => clearTimeout(handle) }
  },
}
