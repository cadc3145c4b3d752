import { readFileSync } from 'node:fs'
import type { Debugger } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import type { LineBreakpoint, Place } from '../protocol/messages.ts'
import { SourceMap } from './source-map.ts'

/** A script of the process. */
export interface Script {
  readonly id: string
  readonly url: string
  /** Where its source map is, as the script says; empty: none. */
  readonly mapUrl: string
}

/** Where a breakpoint belongs in one script. Counted from 0. */
export interface ScriptPlace {
  readonly line: number
  readonly column: number
}

/** The scripts that a process has loaded, and how their places are those of the sources that people have written. */
export class ScriptList {
  readonly #scripts = new Map<string, Script>()
  /** Read when first asked for; null: there is none, or none that can be read. */
  readonly #maps = new Map<string, SourceMap | null>()

  add({ scriptId, url, sourceMapURL = '' }: Debugger.ScriptParsedEventDataType): Script {
    const script = { id: scriptId, url, mapUrl: sourceMapURL }
    this.#scripts.set(scriptId, script)
    return script
  }

  get all(): Iterable<Script> {
    return this.#scripts.values()
  }

  get(id: string): Script | undefined {
    return this.#scripts.get(id)
  }

  /** The place that people know. @param line - from 0. @param column - from 0. */
  toPlace(scriptId: string, line: number, column: number): Place {
    const script = this.#scripts.get(scriptId)
    const mapping = script && this.#mapOf(script)?.toSource(line, column)
    const map = mapping && this.#mapOf(script!)
    if (mapping && map) {
      const file = toFile(map.sources[mapping.source] ?? '')
      return { file, line: mapping.sourceLine + 1, column: mapping.sourceColumn + 1 }
    }
    return { file: toFile(script?.url ?? ''), line: line + 1, column: column + 1 }
  }

  /** Whether the script is this file. */
  isOf(script: Script, file: string): boolean {
    return isFile(script.url, file)
  }

  /** Where a breakpoint belongs in a script that was made of the file; undefined: nowhere. */
  findMapped(script: Script, { file, line }: LineBreakpoint): ScriptPlace | undefined {
    const map = this.#mapOf(script)
    const source = map?.sources.find((url) => isFile(url, file))
    return source === undefined ? undefined : map?.toGenerated(source, line - 1)
  }

  #mapOf(script: Script): SourceMap | undefined {
    if (script.mapUrl === '' || !script.url.startsWith('file:')) return undefined
    let map = this.#maps.get(script.id)
    if (map === undefined) {
      map = readMap(script) ?? null
      this.#maps.set(script.id, map)
    }
    return map ?? undefined
  }
}

/** Whether a URL is that of a file: an absolute path, or the last parts of one. */
function isFile(url: string, file: string): boolean {
  if (!url.startsWith('file:')) return false
  const path = toFile(url)
  return path === file || (!file.startsWith('/') && path.endsWith(`/${file}`))
}

/** The path of a `file:` URL; other URLs as they are. */
function toFile(url: string): string {
  if (!url.startsWith('file:')) return url || '(no file)'
  try {
    return fileURLToPath(url)
  } catch {
    return url
  }
}

function readMap({ url, mapUrl }: Script): SourceMap | undefined {
  try {
    const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(mapUrl)
    if (inline) {
      const text = inline[1] ? Buffer.from(inline[2]!, 'base64').toString() : decodeURIComponent(inline[2]!)
      return new SourceMap(JSON.parse(text), url)
    }
    const place = new URL(mapUrl, url)
    if (place.protocol !== 'file:') return undefined
    return new SourceMap(JSON.parse(readFileSync(place, 'utf8')), place.href)
  } catch {
    // Without its map the script is shown as it is.
    return undefined
  }
}
