import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
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
import { A_LITTLE, describeItem, describeScope, describeValue, MUCH } from './describe-value.ts'
import { inFrame, inGlobalScope } from './expression.ts'
import { InternalCode } from './internal-code.ts'
import { LineBreakpoints } from './line-breakpoints.ts'
import { PROBE } from './main-thread-names.ts'
import { readParameters } from './read-parameters.ts'
import { ScriptList } from './script-list.ts'

/** Milliseconds until a process that is to pause is asked again: it may just have been in code that is passed over. */
const PAUSE_PERIOD = 100

/**
 * So often a step may end in code that is not the user's before the process goes on: V8 does pass over this library's, but
 * once in Node's own stops at each of its lines. A quarter of a millisecond each.
 */
const MOST_HIDDEN_STEPS = { step: 400, pause: 4000 }

/** So often a step is tried anew that makes V8 give up optimized frames. */
const MOST_SETTLING = 8

/** Lines around the one that is shown. */
const LINES_AROUND = 5

/**
 * Milliseconds that an expression of the user's may take. While it runs nobody can pause the process, or let it go on: one
 * that never ended would have it hang for ever.
 */
const EVALUATION_TIME = 4000

/** Milliseconds that V8 may need to end it. */
const TERMINATION_TIME = 500

/** Frames of a stack. */
const MOST_FRAMES = 50

/** The id of the call, or of the task, that a frame belongs to, where it is a method of a worker or a task. */
const OWN_CALL = `(() => {
  const { call, task } = typeof this === 'object' && this !== null ? this : {}
  return Number.isSafeInteger(call?.id) && typeof call.method === 'string' ? call.id : task?.id
})()`

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
  readonly #lines: LineBreakpoints
  /** The script in which the process stops at points. */
  #pointScript = ''
  #paused: Paused | undefined
  /** What can be looked at, in the order of its numbers: the user's code, or else what there is. */
  #frames: readonly Debugger.CallFrame[] = []
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
  #pauseTimer: NodeJS.Timeout | undefined
  #exceptions: Plan['exceptions'] = 'none'
  #openedInspector = false

  constructor(events: ProcessEvents) {
    this.#events = events
    this.#lines = new LineBreakpoints(this.#session, this.#scripts, events.onBound)
  }

  /** Begins to debug the main thread. */
  async open(): Promise<void> {
    const session = this.#session
    session.connectToMainThread()
    session.on('Debugger.scriptParsed', ({ params }) => this.#onScript(params))
    session.on('Debugger.paused', ({ params }) => void this.#onPaused(params).catch(() => this.#goOn()))
    session.on('Debugger.resumed', () => this.#onResumed())
    await session.post('Debugger.enable')
    this.#pointScript = await this.#findPointScript()
    await this.#setPatterns()
  }

  /** Leaves the process as if nobody had ever been there. */
  async close(): Promise<void> {
    clearInterval(this.#pauseTimer)
    try {
      if (this.#openedInspector) await this.inspect(false)
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
    await this.#session.post('Debugger.setBreakpointsActive', { active })
    this.#exceptions = active ? exceptions : 'none'
    await this.#session.post('Debugger.setPauseOnExceptions', { state: this.#exceptions })
    const opened = plan.lines.map(({ file }) => this.#openFile(file))
    if (opened.includes(true)) await this.#setPatterns()
    return this.#lines.set(plan.lines)
  }

  async pause(): Promise<void> {
    if (this.#paused) return
    this.#wantsPause = true
    clearInterval(this.#pauseTimer)
    this.#pauseTimer = setInterval(() => this.#askToPause(), PAUSE_PERIOD)
    await this.#session.post('Debugger.pause')
  }

  async resume(how: Going, abort: boolean): Promise<void> {
    this.#cancelPause()
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
    const paused = this.#paused
    if (!paused) return []
    const frames = paused.callFrames.map((frame) => this.#view(frame))
    return frames.filter(({ internal }) => all || !internal).slice(0, MOST_FRAMES)
  }

  async list(frame: number, line: number | undefined): Promise<readonly string[]> {
    const { file, line: current } = this.#view(this.#frame(frame))
    const lines = readLines(file) ?? (await this.#scriptLines(this.#frame(frame).location.scriptId))
    const middle = Math.min(Math.max(line ?? current, 1), lines.length)
    const first = Math.max(1, middle - LINES_AROUND)
    return lines
      .slice(first - 1, middle + LINES_AROUND)
      .map((text, index) => numberLine(first + index, text, first + index === current))
  }

  async locals(frame: number): Promise<readonly string[]> {
    const shown = new Map<string, string>()
    for (const { type, object } of this.#frame(frame).scopeChain) {
      if (!SHOWN_SCOPES.has(type)) continue
      for (const [name, text] of await describeScope(this.#session, object, A_LITTLE)) {
        if (!shown.has(name)) shown.set(name, text)
      }
    }
    return [...shown].map(([name, text]) => `${name} = ${text}`)
  }

  async args(frame: number): Promise<readonly string[]> {
    const callFrame = this.#frame(frame)
    if (this.#isPointFrame(callFrame)) {
      const { text } = await this.evaluate(frame, 'args')
      return text === 'undefined' ? [] : [text]
    }
    const { functionLocation, callFrameId } = callFrame
    if (!functionLocation) return []
    const { scriptSource } = await this.#session.post('Debugger.getScriptSource', {
      scriptId: functionLocation.scriptId,
    })
    const { lineNumber, columnNumber = 0 } = functionLocation
    const lines: string[] = []
    for (const [index, name] of readParameters(scriptSource, lineNumber, columnNumber).entries()) {
      const isPattern = /^[{[]/.test(name)
      const expression = isPattern ? `arguments[${index}]` : name.replace(/^\.\.\./, '')
      const { result, exceptionDetails } = await this.#session.post('Debugger.evaluateOnCallFrame', {
        callFrameId,
        expression: `[${expression}]`,
        silent: true,
      })
      if (!exceptionDetails) lines.push(`${name} = ${await describeItem(this.#session, result, A_LITTLE)}`)
    }
    return lines
  }

  async evaluate(frame: number | undefined, expression: string): Promise<{ text: string; failed: boolean }> {
    try {
      return frame === undefined || !this.#paused
        ? await this.#evaluateInDaemon(expression)
        : await this.#evaluateInFrame(this.#frame(frame), expression)
    } catch (error) {
      // The second is what V8 says where a promise was to come of it.
      if (!/terminated|Internal error/.test((error as Error).message)) throw error
      throw new Error(`It has not come to its end within ${EVALUATION_TIME / 1000} s, and was ended.`)
    }
  }

  async #evaluateInFrame({ callFrameId }: Debugger.CallFrame, text: string): Promise<Evaluated> {
    const { source, boxed } = inFrame(text)
    // The declarations do not know all that there is.
    const parameters: Debugger.EvaluateOnCallFrameParameterType & { timeout: number } = {
      callFrameId,
      expression: source,
      silent: true,
      timeout: EVALUATION_TIME,
    }
    const evaluated = await this.#session.post('Debugger.evaluateOnCallFrame', parameters)
    return this.#describeEvaluated(evaluated, boxed)
  }

  /** Nothing stops in it: V8 would count the time at the prompt, too. What it waits for may stop. */
  async #evaluateInDaemon(text: string): Promise<Evaluated> {
    if (this.#paused) throw new Error('It has stopped meanwhile.')
    const parameters: Runtime.EvaluateParameterType & { disableBreaks: boolean; timeout: number } = {
      expression: inGlobalScope(text, 'daemon', `${PROBE}?.daemon`),
      awaitPromise: true,
      silent: true,
      timeout: EVALUATION_TIME,
      disableBreaks: true,
    }
    const answer = this.#session.post('Runtime.evaluate', parameters)
    const evaluated = await withinMilliseconds(answer, EVALUATION_TIME + TERMINATION_TIME)
    if (evaluated) return this.#describeEvaluated(evaluated, true)
    const waited = `A promise that is not settled after ${EVALUATION_TIME / 1000} s: nobody waits for it any more.`
    return { text: waited, failed: false }
  }

  async #describeEvaluated(
    { result, exceptionDetails }: Runtime.EvaluateReturnType,
    boxed: boolean,
  ): Promise<Evaluated> {
    if (exceptionDetails) {
      const text = await describeValue(this.#session, exceptionDetails.exception ?? result, MUCH)
      // Where it was thrown is here.
      return { text: withoutStack(text), failed: true }
    }
    const describe = boxed && result.objectId !== undefined ? describeItem : describeValue
    return { text: await describe(this.#session, result, MUCH), failed: false }
  }

  async inspect(open: boolean): Promise<string> {
    if (!open) {
      this.#openedInspector = false
      // Closing waits for who is connected, which may be a person.
      await this.#run(`process.getBuiltinModule('node:inspector').close()`)
      return ''
    }
    const found = await this.#run(`process.getBuiltinModule('node:inspector').url() ?? ''`)
    if (found !== '') return String(found)
    this.#openedInspector = true
    const address = await this.#run(
      `process.getBuiltinModule('node:inspector').open(0, '127.0.0.1'), process.getBuiltinModule('node:inspector').url()`,
    )
    return String(address)
  }

  async heap(file: string): Promise<number> {
    // What a process remembers is nobody else's business.
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants
    const fd = openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    let size = 0
    let failure: unknown
    const write = ({ params }: { params: { chunk: string } }): void => {
      try {
        const bytes = Buffer.from(params.chunk)
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
        size += bytes.length
      } catch (error) {
        failure ??= error
      }
    }
    this.#session.on('HeapProfiler.addHeapSnapshotChunk', write)
    try {
      await this.#session.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
      if (failure) throw failure
      return size
    } finally {
      this.#session.off('HeapProfiler.addHeapSnapshotChunk', write)
      closeSync(fd)
    }
  }

  /** Evaluates an expression of ours on the main thread, whatever that does. @returns a JSON value. */
  async #run(expression: string, awaitPromise = false): Promise<unknown> {
    // The declarations do not know all that there is.
    const parameters: Runtime.EvaluateParameterType & { disableBreaks: boolean } = {
      expression: `${expression}\n//# sourceURL=sd:debug-console`,
      returnByValue: true,
      silent: true,
      disableBreaks: true,
      awaitPromise,
    }
    const { result, exceptionDetails } = await this.#session.post('Runtime.evaluate', parameters)
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** For the hub, which debugs its own process: as {@link ThreadDebugger.evaluate}, of an expression of ours. */
  ask(expression: string): Promise<unknown> {
    // What takes its time takes place when a paused thread goes on.
    return this.#run(expression, this.#paused === undefined)
  }

  // --- what the process does ---------------------------------------------------------------------------------------

  #onScript(params: Debugger.ScriptParsedEventDataType): void {
    const script = this.#scripts.add(params)
    if (this.#internal.add(script.url)) void this.#setPatterns().catch(() => {})
    this.#lines.onScript(script)
  }

  async #onPaused(paused: Paused): Promise<void> {
    this.#paused = paused
    this.#frames = this.#chooseFrames(paused.callFrames)
    const hidden = this.#hidden
    this.#hidden = undefined
    const top = paused.callFrames[0]
    if (!top) return this.#goOn()
    if (await this.#passOver(paused, top, hidden)) return
    this.#hiddenSteps = 0
    const stop = await this.#describe(paused)
    if (this.#paused !== paused) return
    this.#cancelPause()
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
    const isInternal = this.#isPointFrame(top) || this.#internal.has(this.#urlOf(top))
    if (isException) {
      if (!isInternal && paused.callFrames.some((frame) => this.#isUsers(frame))) return false
      await this.#goOn()
      return true
    }
    if (isInternal) {
      const most = this.#wantsPause ? MOST_HIDDEN_STEPS.pause : this.#stepping ? MOST_HIDDEN_STEPS.step : 0
      if (++this.#hiddenSteps > most) await this.#goOn()
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

  async #describe(paused: Paused): Promise<Stop> {
    const frame = this.#frames.find((each) => !this.#isOwn(each))
    const view = frame && this.#view(frame)
    const source = view && readLines(view.file)?.[view.line - 1]
    const call = this.#isAtPoint(paused) ? undefined : await this.#currentCall(paused)
    const place = {
      ...(call && { call }),
      ...(view && { frame: view }),
      ...(source !== undefined && { source }),
    }
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
    for (const { callFrameId } of callFrames.filter((frame) => !this.#isOwn(frame)).reverse()) {
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
    this.#frames = []
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

  #askToPause(): void {
    if (!this.#wantsPause || this.#paused) return
    this.#session.post('Debugger.pause').catch(() => {})
  }

  #cancelPause(): void {
    this.#wantsPause = false
    clearInterval(this.#pauseTimer)
    this.#pauseTimer = undefined
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
    const except = this.#scripts.get(this.#pointScript)?.url ?? ''
    await this.#session.post('Debugger.setBlackboxPatterns', { patterns: this.#internal.patterns(except) })
  }

  async #findPointScript(): Promise<string> {
    const { result } = await this.#session.post('Runtime.evaluate', {
      expression: `${PROBE}?.stopHere`,
      silent: true,
    })
    if (result.objectId === undefined) return ''
    const { internalProperties = [] } = await this.#session.post('Runtime.getProperties', {
      objectId: result.objectId,
    })
    const location = internalProperties.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value
    return (location as Debugger.Location | undefined)?.scriptId ?? ''
  }

  #isPointFrame({ location }: Debugger.CallFrame): boolean {
    return location.scriptId === this.#pointScript
  }

  /** At the `debugger` statement, and not on the way to it or from it. */
  #isAtPoint({ callFrames, reason }: Paused): boolean {
    const top = callFrames[0]
    return (
      top !== undefined && this.#isPointFrame(top) && reason !== 'step' && top.functionName === 'stopHere'
    )
  }

  /** The user's code; without any, that of packages which stop somewhere themselves; or else where it is. */
  #chooseFrames(all: readonly Debugger.CallFrame[]): readonly Debugger.CallFrame[] {
    for (const test of [this.#isUsers, (each: Debugger.CallFrame): boolean => !this.#isOwn(each)]) {
      const found = all.filter((each) => test.call(this, each))
      if (found.length > 0) return found
    }
    return all.slice(0, 1)
  }

  #isOwn(frame: Debugger.CallFrame): boolean {
    return this.#isPointFrame(frame) || this.#internal.isOwn(this.#urlOf(frame))
  }

  #isUsers(frame: Debugger.CallFrame): boolean {
    return !this.#isPointFrame(frame) && !this.#internal.has(this.#urlOf(frame))
  }

  #urlOf({ location, url }: Debugger.CallFrame): string {
    return this.#scripts.get(location.scriptId)?.url ?? url
  }

  #frame(number: number): Debugger.CallFrame {
    const frame = this.#frames[number]
    if (!frame) throw new Error(`There is no frame ${number}: "where" lists them.`)
    return frame
  }

  #view(frame: Debugger.CallFrame): FrameView {
    const { scriptId, lineNumber, columnNumber = 0 } = frame.location
    const number = this.#frames.indexOf(frame)
    return {
      ...(number >= 0 && { number }),
      name: frame.functionName || '(anonymous)',
      internal: this.#isOwn(frame) || !this.#frames.includes(frame),
      ...this.#scripts.toPlace(scriptId, lineNumber, columnNumber),
    }
  }

  async #scriptLines(scriptId: string): Promise<string[]> {
    const { scriptSource } = await this.#session.post('Debugger.getScriptSource', { scriptId })
    return scriptSource.split('\n')
  }
}

interface Evaluated {
  readonly text: string
  readonly failed: boolean
}

const STEPS = {
  into: 'Debugger.stepInto',
  over: 'Debugger.stepOver',
  out: 'Debugger.stepOut',
} as const satisfies Record<Exclude<Going, 'on'>, string>

/** Scopes of a function; the others are those of whole files. */
const SHOWN_SCOPES: ReadonlySet<string> = new Set(['local', 'block', 'catch', 'closure', 'with'])

/** @returns undefined when that takes longer. */
async function withinMilliseconds<Result>(
  answer: Promise<Result>,
  time: number,
): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), time)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

function withoutStack(error: string): string {
  return error.split(/\n\s+at /)[0]!
}

function numberLine(number: number, text: string, current: boolean): string {
  return `${current ? '>' : ' '} ${String(number).padStart(4)}  ${text}`
}

function readLines(file: string): string[] | undefined {
  try {
    return file.startsWith('/') ? readFileSync(file, 'utf8').split('\n') : undefined
  } catch {
    return undefined
  }
}
