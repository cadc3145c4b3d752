import type { PausableClock } from '../pausable-clock.ts'

/**
 * What a debugger finds in the process of a daemon, on the global symbol `sd.debugTarget`, to be called while the main
 * thread is paused: by `Runtime.evaluate`, not on a call frame, because Node's own frames hide `Symbol` and the like.
 */
export interface DebugTarget {
  /**
   * The main thread was paused, and is about to go on: the time of the daemons in it stood still meanwhile. Every
   * deadline moves, and no slot of a loop counts as missed.
   *
   * @param pause - how long it was paused: milliseconds, rather too few than too many, or time would go back.
   */
  thaw(pause: number): void
}

const KEY: unique symbol = Symbol.for('sd.debugTarget') as never

/** Makes the clock of a daemon one that stands still when a debugger pauses the main thread. @returns ends it. */
export function enterDebugTarget(clock: PausableClock): () => void {
  const place = globalThis as { [KEY]?: DebugTarget & { readonly clocks: Set<PausableClock> } }
  const clocks: Set<PausableClock> = place[KEY]?.clocks ?? new Set()
  place[KEY] ??= {
    clocks,
    thaw(pause) {
      for (const each of clocks) each.skip(pause)
    },
  }
  clocks.add(clock)
  return () => void clocks.delete(clock)
}
