import { inspect } from 'node:util'
import type { DebugPoint, DebugPointCall, DebugProbe } from '@sd/core'
import type { Plan, Stop, StopCall } from '../protocol/messages.ts'
import { type Answer, stopHere } from './stop-here.ts'

/** What of a plan is looked at on the main thread, each time that the code comes to a point. */
export type PointPlan = Pick<Plan, 'active' | 'points' | 'methods' | 'skipped' | 'captured'>

/** Characters of the arguments that a prompt has room for. */
const LONGEST_ARGS = 60

/** Calls that are remembered while they run, or seem to. */
const MOST_BEGUN = 64

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
  #stepped: number | undefined
  /** The calls that have begun here lately, by id; how they end is not always known. */
  readonly #begun = new Map<number, DebugPointCall>()
  readonly #stops: { readonly point: DebugPoint; readonly answer: Answer }[] = []
  readonly #failedConditions = new Map<number, string>()
  /** Breakpoints whose condition has named a variable that was not there. */
  readonly #unmet = new Set<number>()
  #notice: ((text: string) => void) | undefined
  /** For the agent, which looks up where that is. */
  readonly stopHere: typeof stopHere = stopHere

  /** Called by the agent: what it is to be told without a stop. */
  onNotice(notice: (text: string) => void): void {
    this.#notice = notice
  }

  configure({ active, points, methods, skipped, captured }: PointPlan): void {
    this.#active = active
    this.#points = new Set(points)
    this.#methods = new Set(methods)
    this.#skipped = new Set(skipped)
    this.#captured = new Set(captured)
  }

  reach(point: DebugPoint): boolean {
    if (point.call) this.#follow(point.name, point.call)
    if (!this.#active || !this.#wants(point)) return true
    const answer: Answer = { goOn: true }
    this.#stops.push({ point, answer })
    try {
      return stopHere(answer, point.call, point.call?.args, point.value)
    } finally {
      this.#stops.pop()
    }
  }

  /**
   * Called by the agent: a call that runs here. @param id - undefined: the one that has begun last.
   */
  describeCall(id: number | undefined): StopCall | undefined {
    const call = id === undefined ? [...this.#begun.values()].at(-1) : this.#begun.get(id)
    return call && describeCall(call)
  }

  #follow(name: DebugPoint['name'], call: DebugPointCall): void {
    if (name === 'return') this.#begun.delete(call.id)
    if (name !== 'running') return
    this.#begun.set(call.id, call)
    if (this.#begun.size > MOST_BEGUN) this.#begun.delete(this.#begun.keys().next().value!)
  }

  #wants({ name, label, call }: DebugPoint): boolean {
    if (name === 'breakpoint' && label !== undefined && this.#skipped.has(label)) return false
    if (this.#points.has(name)) return true
    if (!call) return false
    if (name === 'running') {
      return this.#methods.has(call.method) || this.#methods.has(`${call.pool}.${call.method}`)
    }
    return name === 'return' && (call.id === this.#stepped || this.#captured.has(`${call.pool}#${call.id}`))
  }

  /** Called by the agent: the point that the process is stopped at. */
  describeStop(): Stop['point'] | undefined {
    const point = this.#stops.at(-1)?.point
    if (!point) return undefined
    const { name, label, call, facts } = point
    return {
      name,
      ...(label !== undefined && { label: String(label) }),
      ...(call && { call: describeCall(call) }),
      ...(facts && { facts: showFacts(facts) }),
      ...('value' in point && { value: shorten(show(point.value, 100), LONGEST_VALUE) }),
    }
  }

  /** Called by the agent: the process takes steps in this call. @param id - undefined: in none. */
  stopAtReturn(id: number | undefined): void {
    this.#stepped = id
  }

  /** Called by the condition of a breakpoint that throws. Where it names a variable that is not there, nothing stops. */
  conditionFailed(breakpoint: number, error: unknown): void {
    if ((error as Error | undefined)?.name === 'ReferenceError') {
      if (this.#unmet.has(breakpoint)) return
      this.#unmet.add(breakpoint)
      this.#notice?.(JSON.stringify({ breakpoint, error: describeError(error) }))
      return
    }
    this.#failedConditions.set(breakpoint, describeError(error))
  }

  /** Called by the agent: what one of these conditions has thrown, if it is why the process is stopped. */
  takeFailedCondition(breakpoints: readonly number[]): string | undefined {
    const found = breakpoints.map((id) => this.#failedConditions.get(id)).find((text) => text !== undefined)
    this.#failedConditions.clear()
    return found
  }

  /** Called by the agent. */
  abort(): void {
    const stop = this.#stops.at(-1)
    if (stop) stop.answer.goOn = false
  }
}

function describeCall({ id, pool, method, args }: DebugPointCall): StopCall {
  return { id, pool, method, args: showArgs(args) }
}

/** Arguments as one would write them, on one line. */
export function showArgs(args: readonly unknown[]): string {
  return shorten(args.map((arg) => show(arg, Number.POSITIVE_INFINITY)).join(', '), LONGEST_ARGS)
}

function describeError(error: unknown): string {
  return shorten(error instanceof Error ? `${error.name}: ${error.message}` : show(error, 100), LONGEST_VALUE)
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
