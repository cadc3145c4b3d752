import type { CatchMode, LineBreakpoint, Place, Plan } from '../protocol/messages.ts'

/** The library's points, and what happens there, for `break` and for `help`. */
export const POINTS: Readonly<Record<string, string>> = {
  beforeFork: 'daemon: a process is about to be started',
  callSent: 'daemon: a call is about to be sent to a process',
  running: 'worker, task: its code is about to run',
  breakpoint: 'this.breakpoint(label), daemon.breakpoint(label)',
  return: 'worker, task: its code has returned; daemon: the result has arrived',
  timeout: 'daemon: a timeout is about to be enforced',
  retry: 'daemon: a call is about to be tried again',
  recycle: 'daemon: a worn process is about to be replaced',
  garbageCollection: 'daemon: records of calls are about to be cleaned up',
  shutdown: 'daemon: it begins to stop',
}

/** The points that are on unless somebody says otherwise: where the program, or its author, asks for attention. */
export const DEFAULT_POINTS: readonly string[] = ['breakpoint', 'timeout']

/** Where all processes are to stop. */
export class PlanBook {
  #paused = false
  #exceptions: CatchMode = 'none'
  #lastLine = 0
  readonly #points: Set<string>
  readonly #methods = new Set<string>()
  readonly #skipped = new Set<string>()
  readonly #captured = new Set<string>()
  readonly #lines = new Map<number, LineBreakpoint>()
  readonly #unmet = new Set<number>()
  /** Where the breakpoints really are. */
  readonly #places = new Map<number, Place>()

  constructor(points: readonly string[] = DEFAULT_POINTS) {
    this.#points = new Set(points)
  }

  /** What a process is told. @param own - the daemon's own process: what is captured is captured elsewhere. */
  plan(own: boolean): Plan {
    return {
      active: !this.#paused,
      points: [...this.#points],
      methods: [...this.#methods],
      skipped: [...this.#skipped],
      captured: own ? [] : [...this.#captured],
      lines: [...this.#lines.values()],
      exceptions: this.#exceptions,
    }
  }

  get exceptions(): CatchMode {
    return this.#exceptions
  }

  set exceptions(mode: CatchMode) {
    this.#exceptions = mode
  }

  /** Whether nothing stops anywhere, for the moment. */
  get paused(): boolean {
    return this.#paused
  }

  set paused(paused: boolean) {
    this.#paused = paused
  }

  hasPoint(name: string): boolean {
    return this.#points.has(name)
  }

  setPoint(name: string, on: boolean): void {
    if (on) this.#points.add(name)
    else this.#points.delete(name)
    if (name === 'breakpoint' && on) this.#skipped.clear()
  }

  addMethod(method: string): void {
    this.#methods.add(method)
  }

  removeMethod(method: string): boolean {
    return this.#methods.delete(method)
  }

  get methods(): ReadonlySet<string> {
    return this.#methods
  }

  skipLabel(label: string): void {
    this.#skipped.add(label)
  }

  /** @returns whether it was skipped. */
  unskipLabel(label: string): boolean {
    return this.#skipped.delete(label)
  }

  get skipped(): ReadonlySet<string> {
    return this.#skipped
  }

  capture(call: string): void {
    this.#captured.add(call)
  }

  /** @returns whether it was to be captured. */
  release(call: string): boolean {
    return this.#captured.delete(call)
  }

  addLine(file: string, line: number, condition: string | undefined): LineBreakpoint {
    const added = { id: ++this.#lastLine, file, line, ...(condition !== undefined && { condition }) }
    this.#lines.set(added.id, added)
    return added
  }

  removeLine(id: number): boolean {
    this.#places.delete(id)
    return this.#lines.delete(id)
  }

  get lines(): readonly LineBreakpoint[] {
    return [...this.#lines.values()]
  }

  /** @returns whether that is news. */
  bind(id: number, place: Place): boolean {
    if (!this.#lines.has(id) || this.#places.has(id)) return false
    this.#places.set(id, place)
    return true
  }

  /** The condition of a breakpoint could not be evaluated. @returns whether that is news. */
  reportUnmet(id: number): boolean {
    if (!this.#lines.has(id) || this.#unmet.has(id)) return false
    this.#unmet.add(id)
    return true
  }

  placeOf(id: number): Place | undefined {
    return this.#places.get(id)
  }

  /** Nothing is to stop any more. */
  clear(): void {
    this.#paused = true
    this.#exceptions = 'none'
    for (const all of [this.#points, this.#methods, this.#captured, this.#lines, this.#places]) all.clear()
  }
}
