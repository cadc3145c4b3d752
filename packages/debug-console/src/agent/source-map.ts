/** What is used of a source map, revision 3. */
export interface RawSourceMap {
  readonly version: number
  readonly sources: readonly (string | null)[]
  readonly sourceRoot?: string
  readonly mappings: string
}

/** A place in a source and in what was made of it. Lines and columns are counted from 0. */
export interface Mapping {
  readonly line: number
  readonly column: number
  /** Which of the map's sources. */
  readonly source: number
  readonly sourceLine: number
  readonly sourceColumn: number
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES: ReadonlyMap<string, number> = new Map([...DIGITS].map((digit, value) => [digit, value]))

/** Both directions of one source map. Node's own (`node:module`) knows only one. */
export class SourceMap {
  /** `file:` URLs of the sources. */
  readonly sources: readonly string[]
  /** In the order of the generated code. */
  readonly #mappings: readonly Mapping[]

  /**
   * @param url - where the map is, or the script that contains it: what its sources are relative to.
   * @throws Error when it is no source map.
   */
  constructor(raw: RawSourceMap, url: string) {
    if (raw.version !== 3 || typeof raw.mappings !== 'string' || !Array.isArray(raw.sources)) {
      throw new Error('It is no source map of revision 3.')
    }
    const root = raw.sourceRoot ? raw.sourceRoot.replace(/\/?$/, '/') : ''
    this.sources = raw.sources.map((source) => resolveUrl(`${root}${source ?? ''}`, url))
    this.#mappings = decodeMappings(raw.mappings)
  }

  /** Where a place in the generated code comes from. */
  toSource(line: number, column: number): Mapping | undefined {
    let low = 0
    let high = this.#mappings.length
    while (low < high) {
      const middle = (low + high) >> 1
      const { line: itsLine, column: itsColumn } = this.#mappings[middle]!
      if (itsLine < line || (itsLine === line && itsColumn <= column)) low = middle + 1
      else high = middle
    }
    const found = this.#mappings[low - 1]
    return found?.line === line ? found : undefined
  }

  /** The first code of the first line of a source, from `line` on, that has any. */
  toGenerated(source: string, line: number): Mapping | undefined {
    const index = this.sources.indexOf(source)
    if (index < 0) return undefined
    let best: Mapping | undefined
    for (const mapping of this.#mappings) {
      if (mapping.source !== index || mapping.sourceLine < line) continue
      if (!best || mapping.sourceLine < best.sourceLine) best = mapping
    }
    return best
  }
}

function resolveUrl(source: string, base: string): string {
  try {
    return new URL(source, base).href
  } catch {
    return source
  }
}

/** Lines are separated by `;`, mappings by `,`; each number is the difference to the one before. */
function decodeMappings(text: string): Mapping[] {
  const mappings: Mapping[] = []
  let source = 0
  let sourceLine = 0
  let sourceColumn = 0
  text.split(';').forEach((segments, line) => {
    let column = 0
    for (const segment of segments.split(',')) {
      if (segment === '') continue
      const numbers = decodeNumbers(segment)
      column += numbers[0] ?? 0
      // One without a source: code that nobody has written.
      if (numbers.length < 4) continue
      source += numbers[1]!
      sourceLine += numbers[2]!
      sourceColumn += numbers[3]!
      mappings.push({ line, column, source, sourceLine, sourceColumn })
    }
  })
  return mappings
}

/** Base 64 digits of 5 bits, the lowest first; the sixth bit says that more follow, the lowest of all is the sign. */
function decodeNumbers(segment: string): number[] {
  const numbers: number[] = []
  let number = 0
  let shift = 0
  for (const digit of segment) {
    const value = VALUES.get(digit)
    if (value === undefined) throw new Error(`"${digit}" is no digit of a source map.`)
    number |= (value & 31) << shift
    shift += 5
    if (value & 32) continue
    numbers.push(number & 1 ? -(number >>> 1) : number >>> 1)
    number = 0
    shift = 0
  }
  return numbers
}
