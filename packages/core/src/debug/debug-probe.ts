import type { DebugPoint } from './debug-point.ts'

/** What a debugger leaves in a process: the points of the process ask it whether to go on. */
export interface DebugProbe {
  /**
   * Called when the code has come to a point. Synchronous: it may hold the thread up for as long as a person
   * thinks. One that throws aborts nothing.
   *
   * @returns true to go on, false to abort: see {@link DebugPointName}.
   */
  reach(point: DebugPoint): boolean
}

/** Where a probe is, if there is one. Who passes points often keeps the seat, so that a pass costs one look. */
export interface DebugSeat {
  /** Undefined while debugging is off. */
  probe: DebugProbe | undefined
  /** Called once when debugging is switched off: whoever keeps something for a debugger lets it go. */
  readonly onOff: Set<() => void>
}

const KEY: unique symbol = Symbol.for('sd.debugSeat') as never

/** The seat of this process: the same one for all copies of this package, and for the whole life of the process. */
export function debugSeat(): DebugSeat {
  const place = globalThis as { [KEY]?: DebugSeat }
  place[KEY] ??= { probe: undefined, onOff: new Set() }
  return place[KEY]
}

/** The probe of this process; undefined while debugging is off. */
export function debugProbe(): DebugProbe | undefined {
  return debugSeat().probe
}

/** Switches the points of this process on, or off again with `undefined`. */
export function installDebugProbe(probe: DebugProbe | undefined): void {
  const seat = debugSeat()
  seat.probe = probe
  if (probe) return
  for (const letGo of seat.onOff) letGo()
  seat.onOff.clear()
}

/** Passes a point. @returns whether to go on: true without a debugger, and also when the debugger itself fails. */
export function passPoint(seat: DebugSeat, point: DebugPoint): boolean {
  try {
    return seat.probe?.reach(point) ?? true
  } catch {
    return true
  }
}
