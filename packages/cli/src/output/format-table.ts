import { stripVTControlCharacters } from 'node:util'
import type { Style } from './style.ts'

/** A column's title, and where its cells stand. */
export interface Column {
  readonly title: string
  /** @default 'left' */
  readonly align?: 'left' | 'right'
}

/** Cells may be styled: their width is that of what is seen. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
}

/** Between two columns. */
const GAP = '  '

/** A table as text, as wide as what is in it. */
export function formatTable({ columns, rows }: Table, style: Style): string {
  const widths = columns.map(({ title }, n) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[n] ?? ''))),
  )
  const format = (cells: readonly string[]): string =>
    columns
      .map(({ align }, n) => pad(cells[n] ?? '', widths[n]!, align))
      .join(GAP)
      .trimEnd()
  const head = columns.map(({ title }) => style.dim(title.toUpperCase()))
  return [head, ...rows].map(format).join('\n')
}

function pad(cell: string, width: number, align: Column['align'] = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(cell)))
  return align === 'right' ? space + cell : cell + space
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}
