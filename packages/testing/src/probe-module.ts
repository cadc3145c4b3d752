import { appendFileSync, existsSync } from 'node:fs'

/** What a {@link ProbeOrder} is about: a point's name, or the label of a breakpoint. */
type Place = string

/** What the probe of a process is to do. */
export interface ProbeOrder {
  /** The file to which each point that is reached is appended, as a line of JSON. */
  readonly trace: string
  /** Where to abort. */
  readonly abort?: readonly Place[]
  /** Where to hold the thread up until the file `<trace>.go` exists, as a debugger holds it. */
  readonly hold?: readonly Place[]
}

/** A line of the trace. */
export interface ReachedPoint {
  readonly pid: number
  readonly name: string
  readonly label?: string
  readonly call?: { readonly id: number; readonly pool: string; readonly method: string }
  readonly args?: readonly unknown[]
  readonly value?: unknown
  readonly facts?: Readonly<Record<string, unknown>>
}

/** A point, as a probe is told of it. */
interface Point {
  readonly name: string
  readonly label?: string
  readonly call?: {
    readonly id: number
    readonly pool: string
    readonly method: string
    readonly args: readonly unknown[]
  }
  readonly value?: unknown
  readonly facts?: Readonly<Record<string, unknown>>
}

/** Milliseconds. */
const LOOK_AGAIN = 5

/** A debugger for tests: it writes down the points that it is asked at, and holds up or aborts where it is told to. */
export function createProbe({ trace, abort = [], hold = [] }: ProbeOrder): { reach(point: Point): boolean } {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  return {
    reach({ name, label, call, value, facts }) {
      const { args, ...named } = call ?? {}
      const line = {
        ...{ pid: process.pid, name, label, value, facts },
        ...(call && { call: named, args }),
      }
      appendFileSync(trace, `${JSON.stringify(line)}\n`)
      const is = (places: readonly Place[]): boolean => places.includes(label ?? name)
      while (is(hold) && !existsSync(`${trace}.go`)) Atomics.wait(cell, 0, 0, LOOK_AGAIN)
      return !is(abort)
    },
  }
}

/** Attached to a child, it gives it such a probe; detached, it takes it away. */
export function start(order: ProbeOrder): () => void {
  const seat = globalThis as Record<symbol, { probe?: unknown; onOff?: unknown } | undefined>
  const key = Symbol.for('sd.debugSeat')
  seat[key] ??= { onOff: new Set() }
  seat[key].probe = createProbe(order)
  Object.assign(globalThis, { probedSince: performance.now() })
  return () => {
    seat[key]!.probe = undefined
  }
}
