import type { Session } from 'node:inspector/promises'
import { pathToFileURL } from 'node:url'
import type { LineBreakpoint, Place } from '../protocol/messages.ts'
import { PROBE } from './main-thread.ts'
import type { Script, ScriptList } from './script-list.ts'

/** A breakpoint, and what V8 has of it: one for all scripts of that name, and one for each that was made of the file. */
interface Bound {
  readonly line: LineBreakpoint
  readonly v8: Set<string>
  /** Scripts with a source map that have one, or are about to. */
  readonly scripts: Set<string>
}

/** The breakpoints at lines of files: in the scripts that are loaded, and in those to come. */
export class LineBreakpoints {
  readonly #session: Session
  readonly #scripts: ScriptList
  readonly #onBound: (id: number, place: Place) => void
  readonly #bound = new Map<number, Bound>()

  constructor(session: Session, scripts: ScriptList, onBound: (id: number, place: Place) => void) {
    this.#session = session
    this.#scripts = scripts
    this.#onBound = onBound
    session.on('Debugger.breakpointResolved', ({ params: { breakpointId, location } }) => {
      const bound = [...this.#bound.values()].find(({ v8 }) => v8.has(breakpointId))
      if (bound) onBound(bound.line.id, this.#placeOf(location))
    })
  }

  /** Makes these the breakpoints. @returns where those are that have a place. */
  async set(lines: readonly LineBreakpoint[]): Promise<{ id: number; place: Place }[]> {
    const wanted = new Set(lines.map(({ id }) => id))
    for (const [id, { v8 }] of [...this.#bound]) {
      if (wanted.has(id)) continue
      this.#bound.delete(id)
      for (const breakpointId of v8) await this.#session.post('Debugger.removeBreakpoint', { breakpointId })
    }
    const places: { id: number; place: Place }[] = []
    for (const line of lines) {
      if (this.#bound.has(line.id)) continue
      for (const place of await this.#add(line)) places.push({ id: line.id, place })
    }
    return places
  }

  /** A script was loaded. */
  onScript(script: Script): void {
    for (const bound of this.#bound.values()) {
      this.#bind(bound, script).then(
        (place) => place && this.#onBound(bound.line.id, place),
        // The process ends, or the script is gone.
        () => {},
      )
    }
  }

  /** Which of ours V8 has hit. */
  identify(hit: readonly string[]): number[] {
    return [...this.#bound.values()]
      .filter(({ v8 }) => hit.some((id) => v8.has(id)))
      .map(({ line }) => line.id)
  }

  async #add(line: LineBreakpoint): Promise<Place[]> {
    const bound: Bound = { line, v8: new Set(), scripts: new Set() }
    this.#bound.set(line.id, bound)
    // V8 looks after the scripts of that name by itself, before any of their code runs.
    const { breakpointId, locations } = await this.#session.post('Debugger.setBreakpointByUrl', {
      urlRegex: matchUrl(line.file),
      lineNumber: line.line - 1,
      ...conditionOf(line),
    })
    bound.v8.add(breakpointId)
    const places = locations.map((location) => this.#placeOf(location))
    for (const script of [...this.#scripts.all]) {
      const place = await this.#bind(bound, script)
      if (place) places.push(place)
    }
    return places
  }

  /** In a script that was made of the file. */
  async #bind(bound: Bound, script: Script): Promise<Place | undefined> {
    const { line, scripts, v8 } = bound
    if (scripts.has(script.id)) return undefined
    const place = this.#scripts.findMapped(script, line)
    if (!place) return undefined
    scripts.add(script.id)
    const { breakpointId, actualLocation } = await this.#session.post('Debugger.setBreakpoint', {
      location: { scriptId: script.id, lineNumber: place.line, columnNumber: place.column },
      ...conditionOf(line),
    })
    v8.add(breakpointId)
    return this.#placeOf(actualLocation)
  }

  #placeOf({ scriptId, lineNumber, columnNumber = 0 }: ScriptLocation): Place {
    return this.#scripts.toPlace(scriptId, lineNumber, columnNumber)
  }
}

interface ScriptLocation {
  scriptId: string
  lineNumber: number
  columnNumber?: number | undefined
}

/**
 * V8 takes a condition that throws for one that is false: a breakpoint with a slip of the pen would never say so. A variable
 * that has no value yet, or is none here, makes it false, and is told of once.
 */
function conditionOf({ id, condition }: LineBreakpoint): { condition?: string } {
  if (condition === undefined) return {}
  const failed = `${PROBE}?.conditionFailed?.(${id}, error)`
  return {
    condition: `try { (${condition}\n) } catch (error) { ${failed}; error?.name !== 'ReferenceError' }`,
  }
}

/** The URLs of a path, or of all paths that end so, whatever query they have. */
function matchUrl(file: string): string {
  const url = file.startsWith('/')
    ? pathToFileURL(file).href
    : pathToFileURL(`/${file}`).href.slice('file://'.length)
  const escaped = url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return file.startsWith('/') ? `^${escaped}(\\?.*)?$` : `^file://.*${escaped}(\\?.*)?$`
}
