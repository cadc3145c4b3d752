import type { Debugger, Runtime } from 'node:inspector'
import { Session } from 'node:inspector/promises'
import type {
  FrameView,
  Going,
  LineBreakpoint,
  Place,
  Plan,
  ProcessEvents,
  ProcessRequests,
  Stop,
  StopCall,
} from '../protocol/messages.ts'
import { A_LITTLE, describeValue } from './describe-value.ts'
import { EntryBreakpoints } from './entry-breakpoints.ts'
import { type Evaluated, evaluateInDaemon } from './evaluate.ts'
import { writeHeapSnapshot } from './heap-snapshot.ts'
import { InspectorPort } from './inspector-port.ts'
import { InternalCode } from './internal-code.ts'
import { LineBreakpoints } from './line-breakpoints.ts'
import { askMainThread, findScriptOf, PROBE } from './main-thread.ts'
import { PausedStack } from './paused-stack.ts'
import { ScriptList } from './script-list.ts'
import { withoutStack } from './without-stack.ts'

/**
 * So often a step may end in code that is not the user's before the process goes on: V8 does pass over this library's, but
 * once in Node's own stops at each of its lines. A quarter of a millisecond each.
 */
const MOST_HIDDEN_STEPS = 400

/** So often a step is tried anew that makes V8 give up optimized frames. */
const MOST_SETTLING = 8

/** The id of the call, or of the task, that a frame belongs to, where it is a method of a worker or a task. */
const OWN_CALL = `(() => {
  const { call, task } = typeof this === 'object' && this !== null ? this : {}
  return Number.isSafeInteger(call?.id) && typeof call.method === 'string' ? call.id : task?.id
})()`

/** A function of the main thread by which it tells this one something; nobody finds it under this name. */
const NOTICE = 'sd:notice'

type Paused = Debugger.PausedEventDataType

/** What the debugger is doing by itself, unseen: to get to a place that is worth showing. */
type Hidden =
  /** The process was paused anywhere. One step makes V8 give up optimized frames, in which assignments are lost. */
  | 'settle'
  /** Out of the point, as the first part of a step. */
  | 'leave'
  /** The same, and then out of the user's function. */
  | 'leaveTwice'
  /** Away from a statement, to go on from the next one: see {@link ThreadDebugger.#goOn}. */
  | 'release'
  | undefined

/**
 * The debugger of one process: it runs in another thread than the one that it debugs, so it works whatever the main
 * thread does, and needs no port.
 */
export class ThreadDebugger implements ProcessRequests {
  readonly #session = new Session()
  readonly #events: ProcessEvents
  readonly #scripts = new ScriptList()
  readonly #internal = new InternalCode()
  readonly #stack: PausedStack
  readonly #lines: LineBreakpoints
  readonly #entries: EntryBreakpoints
  readonly #port: InspectorPort
  #paused: Paused | undefined
  /** Whether the hub knows that the process is paused. */
  #shown = false
  #hidden: Hidden
  #hiddenSteps = 0
  #stepping = false
  /** The call that a step is taken in. */
  #steppedCall: number | undefined
  /** The call that the process has stopped in. */
  #callHere: number | undefined
  #wantsPause = false
  /** Whether that waits for the user's code to run. */
  #awaitsUsers = false
  #exceptions: Plan['exceptions'] = 'none'
  /** Whether the process stops at breakpoints. */
  #active = true

  constructor(events: ProcessEvents) {
    this.#events = events
    this.#stack = new PausedStack(this.#session, this.#scripts, this.#internal)
    this.#port = new InspectorPort(this.#session)
    this.#lines = new LineBreakpoints(this.#session, this.#scripts, events.onBound)
    this.#entries = new EntryBreakpoints(this.#session, this.#scripts, this.#internal)
  }

  /** Begins to debug the main thread. */
  async open(): Promise<void> {
    const session = this.#session
    session.connectToMainThread()
    session.on('Debugger.scriptParsed', ({ params }) => this.#onScript(params))
    session.on('Debugger.paused', ({ params }) => void this.#onPaused(params).catch(() => this.#goOn()))
    session.on('Debugger.resumed', () => this.#onResumed())
    session.on('Runtime.bindingCalled', ({ params }) => this.#onNotice(params.payload))
    await session.post('Runtime.addBinding', { name: NOTICE })
    await this.#run(
      `{ const f = globalThis['${NOTICE}']; delete globalThis['${NOTICE}']; ${PROBE}?.onNotice?.(f) }`,
    )
    await session.post('Debugger.enable')
    this.#stack.pointScript = await findScriptOf(session, `${PROBE}?.stopHere`)
    await this.#setPatterns()
  }

  /** Leaves the process as if nobody had ever been there. */
  async close(): Promise<void> {
    try {
      await this.#port.leave()
      await this.#session.post('Debugger.disable')
    } catch {
      // The process ends.
    }
    this.disconnect()
  }

  /** At once, for the end of the process. */
  disconnect(): void {
    this.#session.disconnect()
  }

  // --- what the hub asks -----------------------------------------------------------------------------------------

  async configure(plan: Plan): Promise<readonly { id: number; place: Place }[]> {
    const { active, points, methods, skipped, captured, exceptions } = plan
    const pointPlan = JSON.stringify({ active, points, methods, skipped, captured })
    await this.#run(`${PROBE}?.configure(${pointPlan})`)
    this.#active = active
    // They may be at the same places.
    await this.#entries.clear()
    await this.#session.post('Debugger.setBreakpointsActive', { active })
    this.#exceptions = active ? exceptions : 'none'
    await this.#session.post('Debugger.setPauseOnExceptions', { state: this.#exceptions })
    const opened = plan.lines.map(({ file }) => this.#openFile(file))
    if (opened.includes(true)) await this.#setPatterns()
    const places = await this.#lines.set(plan.lines)
    if (this.#awaitsUsers) await this.#stopAtUsers()
    return places
  }

  async pause(): Promise<void> {
    if (this.#paused) return
    this.#wantsPause = true
    await this.#session.post('Debugger.pause')
  }

  async resume(how: Going, abort: boolean): Promise<void> {
    await this.#cancelPause()
    const paused = this.#paused
    if (!paused) return
    if (abort) await this.#run(`${PROBE}?.abort()`)
    this.#stepping = how !== 'on'
    // A step beyond the end of a call ends there, and not in the next one.
    this.#steppedCall = this.#stepping ? this.#callHere : undefined
    await this.#run(`${PROBE}?.stopAtReturn?.(${this.#steppedCall})`)
    this.#hiddenSteps = 0
    if (how === 'on') return this.#goOn()
    if (this.#isAtPoint(paused)) {
      this.#hidden = how === 'out' ? 'leaveTwice' : 'leave'
      await this.#session.post('Debugger.stepOut')
    } else await this.#session.post(STEPS[how])
  }

  async where(all: boolean): Promise<readonly FrameView[]> {
    return this.#stack.where(all)
  }

  list(frame: number, line: number | undefined): Promise<readonly string[]> {
    return this.#stack.list(frame, line)
  }

  locals(frame: number): Promise<readonly string[]> {
    return this.#stack.locals(frame)
  }

  args(frame: number): Promise<readonly string[]> {
    return this.#stack.args(frame)
  }

  async evaluate(frame: number | undefined, expression: string): Promise<Evaluated> {
    if (frame !== undefined && this.#paused) return this.#stack.evaluate(frame, expression)
    if (frame !== undefined) throw new Error('It has gone on meanwhile: nothing was evaluated.')
    if (this.#paused) throw new Error('It has stopped meanwhile: nothing was evaluated.')
    return evaluateInDaemon(this.#session, expression)
  }

  async inspect(open: boolean): Promise<string> {
    if (open) return this.#port.open()
    await this.#port.close()
    return ''
  }

  heap(file: string): Promise<number> {
    return writeHeapSnapshot(this.#session, file)
  }

  #run(expression: string): Promise<unknown> {
    return askMainThread(this.#session, expression)
  }

  /** For the hub, which debugs its own process: as {@link ThreadDebugger.evaluate}, of an expression of ours. */
  ask(expression: string, awaitPromise = false): Promise<unknown> {
    // What takes its time takes place when a paused thread goes on. In an endless loop no promise ever settles.
    return askMainThread(this.#session, expression, awaitPromise && this.#paused === undefined)
  }

  // --- what the process does ---------------------------------------------------------------------------------------

  #onScript(params: Debugger.ScriptParsedEventDataType): void {
    const script = this.#scripts.add(params)
    if (this.#internal.add(script.url)) void this.#setPatterns().catch(() => {})
    this.#lines.onScript(script)
    this.#entries.onScript(script)
  }

  #onNotice(payload: string): void {
    const { breakpoint, error } = JSON.parse(payload) as { breakpoint: number; error: string }
    this.#events.onUnmet(breakpoint, error)
  }

  async #onPaused(paused: Paused): Promise<void> {
    this.#paused = paused
    this.#stack.set(paused.callFrames)
    const hidden = this.#hidden
    this.#hidden = undefined
    const top = paused.callFrames[0]
    if (!top) return this.#goOn()
    if (await this.#passOver(paused, top, hidden)) return
    this.#hiddenSteps = 0
    const stop = await this.#describe(paused)
    await this.#cancelPause()
    if (this.#paused !== paused) return
    this.#stepping = false
    this.#callHere = (stop.point?.call ?? stop.call)?.id
    this.#shown = true
    this.#events.onStop(stop)
  }

  /** Goes on to a place that is worth showing. @returns whether it does. */
  async #passOver(paused: Paused, top: Debugger.CallFrame, hidden: Hidden): Promise<boolean> {
    if (hidden === 'release' && !paused.hitBreakpoints?.length && !this.#isAtPoint(paused)) {
      await this.#goOn()
      return true
    }
    if (this.#isAtPoint(paused)) return false
    const isException = paused.reason === 'exception' || paused.reason === 'promiseRejection'
    const isInternal = !this.#stack.isUsers(top)
    if (isException) {
      if (!isInternal && paused.callFrames.some((frame) => this.#stack.isUsers(frame))) return false
      await this.#goOn()
      return true
    }
    if (isInternal) {
      if (this.#wantsPause) await this.#goToUsers(paused)
      else if (!this.#stepping || ++this.#hiddenSteps > MOST_HIDDEN_STEPS) await this.#goOn()
      else {
        this.#hidden = hidden
        await this.#session.post('Debugger.stepInto')
      }
      return true
    }
    if (this.#stepping && this.#steppedCall !== undefined && !paused.hitBreakpoints?.length) {
      const call = await this.#currentCall(paused)
      if (call && call.id !== this.#steppedCall) {
        await this.#goOn()
        return true
      }
    }
    if (hidden === 'leaveTwice') {
      await this.#session.post('Debugger.stepOut')
      return true
    }
    // One that was asked twice to pause pauses again before it has taken the step.
    const isSettled =
      hidden === 'settle' && (paused.reason !== 'other' || ++this.#hiddenSteps > MOST_SETTLING)
    if (this.#wantsPause && !isSettled && !paused.hitBreakpoints?.length) {
      this.#hidden = 'settle'
      await this.#session.post('Debugger.stepInto')
      return true
    }
    return false
  }

  /** Out to the user's code that waits for what runs now, or else to what comes next. */
  async #goToUsers({ callFrames }: Paused): Promise<void> {
    const isWaitedFor = callFrames.some((frame) => this.#stack.isUsers(frame))
    if (isWaitedFor && ++this.#hiddenSteps <= MOST_HIDDEN_STEPS) {
      await this.#session.post('Debugger.stepOut')
      return
    }
    this.#awaitsUsers = true
    await this.#stopAtUsers()
    await this.#goOn()
  }

  /** At whichever of the user's statements comes next, also while the process stops at no breakpoint. */
  async #stopAtUsers(): Promise<void> {
    await this.#session.post('Debugger.setBreakpointsActive', { active: true })
    await this.#entries.set()
  }

  async #describe(paused: Paused): Promise<Stop> {
    const call = this.#isAtPoint(paused) ? undefined : await this.#currentCall(paused)
    const place = { ...(call && { call }), ...this.#stack.top() }
    if (this.#isAtPoint(paused)) {
      const point = (await this.#run(`${PROBE}.describeStop()`)) as NonNullable<Stop['point']>
      return { why: 'point', point, ...place }
    }
    if (paused.reason === 'exception' || paused.reason === 'promiseRejection') {
      const thrown = paused.data as Runtime.RemoteObject | undefined
      const text = thrown ? await describeValue(this.#session, thrown, A_LITTLE) : 'an error'
      const exception = withoutStack(text)
      return { why: 'exception', exception, ...place }
    }
    const breakpoints = this.#lines.identify(paused.hitBreakpoints ?? [])
    if (breakpoints.length > 0) {
      const failed = await this.#run(`${PROBE}?.takeFailedCondition?.(${JSON.stringify(breakpoints)})`)
      return {
        why: 'line',
        breakpoints,
        ...(typeof failed === 'string' && { failedCondition: failed }),
        ...place,
      }
    }
    if (this.#wantsPause) return { why: 'pause', ...place }
    return { why: this.#stepping ? 'step' : 'statement', ...place }
  }

  /** The call whose code it is: `this.call` of the method, or else the one that has begun last. */
  async #currentCall({ callFrames }: Paused): Promise<StopCall | undefined> {
    let id: number | undefined
    for (const { callFrameId } of callFrames.filter((frame) => !this.#stack.isOwn(frame)).reverse()) {
      const { result } = await this.#session.post('Debugger.evaluateOnCallFrame', {
        callFrameId,
        expression: OWN_CALL,
        returnByValue: true,
        silent: true,
      })
      if (result.type !== 'number') continue
      id = result.value as number
      break
    }
    const call = await this.#run(`${PROBE}?.describeCall?.(${id})`)
    return (call as StopCall | undefined) ?? undefined
  }

  #onResumed(): void {
    if (!this.#paused) return
    this.#paused = undefined
    this.#stack.set([])
    if (this.#shown) this.#events.onGoing()
    this.#shown = false
  }

  /**
   * Where a step has ended at a `debugger` statement, both are why the process is paused; if it went on from there, V8
   * would take no notice of `debugger` statements any more.
   */
  async #goOn(): Promise<void> {
    const isBoth = this.#paused?.reason === 'ambiguous'
    this.#hidden = isBoth ? 'release' : undefined
    await this.#session.post(isBoth ? 'Debugger.stepOver' : 'Debugger.resume').catch(() => {})
  }

  async #cancelPause(): Promise<void> {
    this.#wantsPause = false
    if (!this.#awaitsUsers) return
    this.#awaitsUsers = false
    await this.#entries.clear()
    await this.#session.post('Debugger.setBreakpointsActive', { active: this.#active })
  }

  // --- places ------------------------------------------------------------------------------------------------------

  /** A breakpoint in this library's own code is one that its author wants. */
  #openFile(file: string): boolean {
    const line: LineBreakpoint = { id: 0, file, line: 1 }
    return [...this.#scripts.all]
      .filter((script) => this.#scripts.isOf(script, file) || this.#scripts.findMapped(script, line))
      .map(({ url }) => this.#internal.open(url))
      .includes(true)
  }

  async #setPatterns(): Promise<void> {
    const except = this.#scripts.get(this.#stack.pointScript)?.url ?? ''
    await this.#session.post('Debugger.setBlackboxPatterns', { patterns: this.#internal.patterns(except) })
  }

  /** At the `debugger` statement, and not on the way to it or from it. */
  #isAtPoint({ callFrames, reason }: Paused): boolean {
    const top = callFrames[0]
    return (
      top !== undefined && this.#stack.isPoint(top) && reason !== 'step' && top.functionName === 'stopHere'
    )
  }
}

const STEPS = {
  into: 'Debugger.stepInto',
  over: 'Debugger.stepOver',
  out: 'Debugger.stepOut',
} as const satisfies Record<Exclude<Going, 'on'>, string>
