import { readFileSync } from 'node:fs'

/** Lines around the one that is shown. */
const LINES_AROUND = 5

/** The lines of a file; undefined where there is none that can be read. */
export function readLines(file: string): string[] | undefined {
  try {
    return file.startsWith('/') ? readFileSync(file, 'utf8').split('\n') : undefined
  } catch {
    return undefined
  }
}

/**
 * Some lines, with their numbers.
 *
 * @param current - the one that is marked.
 * @param wanted - the one in the middle.
 */
export function showLines(lines: readonly string[], current: number, wanted: number): string[] {
  const middle = Math.min(Math.max(wanted, 1), lines.length)
  const first = Math.max(1, middle - LINES_AROUND)
  return lines
    .slice(first - 1, middle + LINES_AROUND)
    .map((text, index) => numberLine(first + index, text, first + index === current))
}

function numberLine(number: number, text: string, current: boolean): string {
  return `${current ? '>' : ' '} ${String(number).padStart(4)}  ${text}`
}
