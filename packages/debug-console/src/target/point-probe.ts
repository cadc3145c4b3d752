import { inspect } from 'node:util'
import type { DebugPoint, DebugProbe } from '@sd/core'
import type { Plan, Stop } from '../protocol/messages.ts'
import { type Answer, stopHere } from './stop-here.ts'

/** What of a plan is looked at on the main thread, each time that the code comes to a point. */
export type PointPlan = Pick<Plan, 'active' | 'points' | 'methods' | 'skipped' | 'captured'>

/** Characters of the arguments that a prompt has room for. */
const LONGEST_ARGS = 60

/** Characters of a returned value that are shown when a call is captured. */
const LONGEST_VALUE = 2000

/** Decides on the main thread of a process whether a point is one to stop at. */
export class PointProbe implements DebugProbe {
  #active = false
  #points: ReadonlySet<string> = new Set()
  #methods: ReadonlySet<string> = new Set()
  #skipped: ReadonlySet<string> = new Set()
  #captured: ReadonlySet<string> = new Set()
  /** Where the process is stopped; more than one where an expression has led to another point. */
  readonly #stops: { readonly point: DebugPoint; readonly answer: Answer }[] = []
  /** For the agent, which looks up where that is. */
  readonly stopHere: typeof stopHere = stopHere

  configure({ active, points, methods, skipped, captured }: PointPlan): void {
    this.#active = active
    this.#points = new Set(points)
    this.#methods = new Set(methods)
    this.#skipped = new Set(skipped)
    this.#captured = new Set(captured)
  }

  reach(point: DebugPoint): boolean {
    if (!this.#active || !this.#wants(point)) return true
    const answer: Answer = { goOn: true }
    this.#stops.push({ point, answer })
    try {
      return stopHere(answer, point.call, point.call?.args, point.value)
    } finally {
      this.#stops.pop()
    }
  }

  #wants({ name, label, call }: DebugPoint): boolean {
    if (name === 'breakpoint' && label !== undefined && this.#skipped.has(label)) return false
    if (this.#points.has(name)) return true
    if (!call) return false
    if (name === 'running') {
      return this.#methods.has(call.method) || this.#methods.has(`${call.pool}.${call.method}`)
    }
    return name === 'return' && this.#captured.has(`${call.pool}#${call.id}`)
  }

  /** Called by the agent: the point that the process is stopped at. */
  describeStop(): Stop['point'] | undefined {
    const point = this.#stops.at(-1)?.point
    if (!point) return undefined
    const { name, label, call, facts } = point
    return {
      name,
      ...(label !== undefined && { label: String(label) }),
      ...(call && {
        call: { id: call.id, pool: call.pool, method: call.method, args: showArgs(call.args) },
      }),
      ...(facts && { facts: showFacts(facts) }),
      ...('value' in point && { value: shorten(show(point.value, 100), LONGEST_VALUE) }),
    }
  }

  /** Called by the agent. */
  abort(): void {
    const stop = this.#stops.at(-1)
    if (stop) stop.answer.goOn = false
  }
}

/** Arguments as one would write them, on one line. */
export function showArgs(args: readonly unknown[]): string {
  return shorten(args.map((arg) => show(arg, Number.POSITIVE_INFINITY)).join(', '), LONGEST_ARGS)
}

function showFacts(facts: NonNullable<DebugPoint['facts']>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : String(value)}`)
    .join(', ')
}

/** A value as text. Runs no code of the user's. */
function show(value: unknown, breakLength: number): string {
  return inspect(value, {
    depth: 2,
    maxArrayLength: 20,
    maxStringLength: 200,
    customInspect: false,
    compact: 3,
    breakLength,
  })
}

function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}
