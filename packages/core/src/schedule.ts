/** The slot at which the next iteration starts, and how many were missed. */
export interface NextSlot {
  /** Monotonic milliseconds. */
  readonly at: number
  /** Slots that passed while the iteration still ran. */
  readonly skipped: number
}

/**
 * The grid of a clock: slot k is at `origin + k * interval`. It is computed from the origin each time,
 * so errors never add up and there is no drift.
 *
 * @param origin - monotonic milliseconds of slot 0.
 * @param interval - milliseconds between slots.
 * @param current - the slot (monotonic milliseconds) at which the iteration that just ended was due.
 * @param now - monotonic milliseconds.
 */
export function nextSlot(origin: number, interval: number, current: number, now: number): NextSlot {
  const due = Math.round((current - origin) / interval) + 1
  const next = Math.max(due, Math.ceil((now - origin) / interval))
  return { at: origin + next * interval, skipped: next - due }
}
