import type { Session } from 'node:inspector/promises'
import type { InternalCode } from './internal-code.ts'
import type { Script, ScriptList } from './script-list.ts'

/** Breakpoints at most: V8 takes some 50 µs for each. A bundle that has more gets one for each of its lines. */
const MOST = 4000

/** A place in a script, counted from 0. */
interface ScriptLocation {
  readonly scriptId: string
  readonly lineNumber: number
  readonly columnNumber?: number | undefined
}

/**
 * Breakpoints at all of the user's statements, for as long as a process is to pause that runs none of them: whichever comes
 * next is hit. To get there by steps would take seconds, because V8 steps over none of the code that Node has in its
 * snapshot: it belongs to no context (`V8Debugger::IsFunctionBlackboxed` in V8's inspector).
 */
export class EntryBreakpoints {
  readonly #session: Session
  readonly #scripts: ScriptList
  readonly #internal: InternalCode
  readonly #set = new Set<string>()
  #isActive = false

  constructor(session: Session, scripts: ScriptList, internal: InternalCode) {
    this.#session = session
    this.#scripts = scripts
    this.#internal = internal
  }

  /** Sets them, in what is loaded and in what will be. */
  async set(): Promise<void> {
    if (this.#isActive) return
    this.#isActive = true
    await Promise.all([...this.#scripts.all].map((script) => this.#setIn(script)))
  }

  /** A script was loaded. */
  onScript(script: Script): void {
    if (this.#isActive) void this.#setIn(script)
  }

  async clear(): Promise<void> {
    this.#isActive = false
    const all = [...this.#set]
    this.#set.clear()
    await Promise.all(all.map((breakpointId) => this.#remove(breakpointId)))
  }

  async #setIn({ id, url }: Script): Promise<void> {
    // WebAssembly is nobody's code to look at here: Node's own parsers are made of it.
    if (this.#internal.has(url) || url.startsWith('wasm:')) return
    await Promise.all((await this.#findPlaces(id)).map((location) => this.#setAt(location)))
  }

  async #findPlaces(scriptId: string): Promise<readonly ScriptLocation[]> {
    const start = { scriptId, lineNumber: 0, columnNumber: 0 }
    try {
      const { locations } = await this.#session.post('Debugger.getPossibleBreakpoints', { start })
      // A call is a part of a statement.
      const places = locations.filter(({ type }) => type !== 'call')
      return places.length > MOST ? firstOfEachLine(places).slice(0, MOST) : places
    } catch {
      // The script is gone, or what it was made of.
      return []
    }
  }

  async #setAt({ scriptId, lineNumber, columnNumber = 0 }: ScriptLocation): Promise<void> {
    try {
      const location = { scriptId, lineNumber, columnNumber }
      const { breakpointId } = await this.#session.post('Debugger.setBreakpoint', { location })
      if (this.#isActive) this.#set.add(breakpointId)
      else await this.#remove(breakpointId)
    } catch {
      // Somebody has a breakpoint there already.
    }
  }

  async #remove(breakpointId: string): Promise<void> {
    await this.#session.post('Debugger.removeBreakpoint', { breakpointId }).catch(() => {})
  }
}

function firstOfEachLine(places: readonly ScriptLocation[]): ScriptLocation[] {
  const lines = new Map<number, ScriptLocation>()
  for (const place of places) if (!lines.has(place.lineNumber)) lines.set(place.lineNumber, place)
  return [...lines.values()]
}
