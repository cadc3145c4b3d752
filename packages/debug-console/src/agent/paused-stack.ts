import type { Debugger } from 'node:inspector'
import type { Session } from 'node:inspector/promises'
import type { FrameView } from '../protocol/messages.ts'
import { A_LITTLE, describeItem, describeScope } from './describe-value.ts'
import { type Evaluated, evaluateInFrame } from './evaluate.ts'
import type { InternalCode } from './internal-code.ts'
import { isPattern, readBoundNames, readParameters } from './read-parameters.ts'
import type { ScriptList } from './script-list.ts'
import { readLines, showLines } from './source-lines.ts'

/** Frames of a stack. */
const MOST_FRAMES = 50

/** Scopes of a function; the others are those of whole files. */
const SHOWN_SCOPES: ReadonlySet<string> = new Set(['local', 'block', 'catch', 'closure', 'with'])

/** The stack of a process that is paused: whose code is on it, and what can be seen in its frames. */
export class PausedStack {
  /** The script in which the process stops at points. */
  pointScript = ''
  readonly #session: Session
  readonly #scripts: ScriptList
  readonly #internal: InternalCode
  #all: readonly Debugger.CallFrame[] = []
  /** What can be looked at, in the order of its numbers: the user's code, or else what there is. */
  #frames: readonly Debugger.CallFrame[] = []

  constructor(session: Session, scripts: ScriptList, internal: InternalCode) {
    this.#session = session
    this.#scripts = scripts
    this.#internal = internal
  }

  /** The process has paused; without frames: it goes on. */
  set(callFrames: readonly Debugger.CallFrame[]): void {
    this.#all = callFrames
    this.#frames = this.#chooseFrames(callFrames)
  }

  // --- what can be seen ------------------------------------------------------------------------------------------

  /** @param all - also what is Node's, and the library's. */
  where(all: boolean): readonly FrameView[] {
    const frames = this.#all.map((frame) => this.#view(frame))
    return frames.filter(({ internal }) => all || !internal).slice(0, MOST_FRAMES)
  }

  /** The first frame that is neither Node's nor this library's, and its line. */
  top(): { readonly frame?: FrameView; readonly source?: string } {
    const frame = this.#frames.find((each) => !this.isOwn(each))
    if (!frame) return {}
    const view = this.#view(frame)
    const source = readLines(view.file)?.[view.line - 1]
    return { frame: view, ...(source !== undefined && { source }) }
  }

  async list(number: number, line: number | undefined): Promise<readonly string[]> {
    const frame = this.#frame(number)
    const { file, line: current } = this.#view(frame)
    const lines = readLines(file) ?? (await this.#sourceOf(frame.location.scriptId)).split('\n')
    return showLines(lines, current, line ?? current)
  }

  async locals(number: number): Promise<readonly string[]> {
    const shown = new Map<string, string>()
    for (const { type, object } of this.#frame(number).scopeChain) {
      if (!SHOWN_SCOPES.has(type)) continue
      for (const [name, text] of await describeScope(this.#session, object, A_LITTLE)) {
        if (!shown.has(name)) shown.set(name, text)
      }
    }
    return [...shown].map(([name, text]) => `${name} = ${text}`)
  }

  async args(number: number): Promise<readonly string[]> {
    const frame = this.#frame(number)
    if (this.isPoint(frame)) {
      const { text } = await this.evaluate(number, 'args')
      return text === 'undefined' ? [] : [text]
    }
    const { functionLocation, callFrameId } = frame
    if (!functionLocation) return []
    const source = await this.#sourceOf(functionLocation.scriptId)
    const { lineNumber, columnNumber = 0 } = functionLocation
    const lines: string[] = []
    for (const name of readParameters(source, lineNumber, columnNumber)) {
      const names = readBoundNames(name).join(', ')
      const expression = isPattern(name) ? `{ ${names} }` : names
      const { result, exceptionDetails } = await this.#session.post('Debugger.evaluateOnCallFrame', {
        callFrameId,
        expression: `[${expression}]`,
        silent: true,
      })
      if (!exceptionDetails) lines.push(`${name} = ${await describeItem(this.#session, result, A_LITTLE)}`)
    }
    return lines
  }

  evaluate(number: number, expression: string): Promise<Evaluated> {
    return evaluateInFrame(this.#session, this.#frame(number), expression)
  }

  // --- whose code it is ------------------------------------------------------------------------------------------

  /** Where the process stops at points. */
  isPoint({ location }: Debugger.CallFrame): boolean {
    return location.scriptId === this.pointScript
  }

  /** Node's, or this library's. */
  isOwn(frame: Debugger.CallFrame): boolean {
    return this.isPoint(frame) || this.#internal.isOwn(this.#urlOf(frame))
  }

  /** Neither Node's, nor this library's, nor that of an installed package. */
  isUsers(frame: Debugger.CallFrame): boolean {
    return !this.isPoint(frame) && !this.#internal.has(this.#urlOf(frame))
  }

  /** The user's code; without any, that of packages which stop somewhere themselves; or else where it is. */
  #chooseFrames(all: readonly Debugger.CallFrame[]): readonly Debugger.CallFrame[] {
    for (const test of [this.isUsers, (each: Debugger.CallFrame): boolean => !this.isOwn(each)]) {
      const found = all.filter((each) => test.call(this, each))
      if (found.length > 0) return found
    }
    return all.slice(0, 1)
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
      internal: this.isOwn(frame) || !this.#frames.includes(frame),
      ...this.#scripts.toPlace(scriptId, lineNumber, columnNumber),
    }
  }

  #urlOf({ location, url }: Debugger.CallFrame): string {
    return this.#scripts.get(location.scriptId)?.url ?? url
  }

  async #sourceOf(scriptId: string): Promise<string> {
    const { scriptSource } = await this.#session.post('Debugger.getScriptSource', { scriptId })
    return scriptSource
  }
}
