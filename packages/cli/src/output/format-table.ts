import { escapeText } from '@sd/core/escape-text'
import { displayWidth } from '../text/display-width.ts'
import type { Style } from './style.ts'

/** A column's title, and where its cells stand. */
export interface Column {
  readonly title: string
  /** @default 'left' */
  readonly align?: 'left' | 'right'
}

/** Cells may be styled: their width is that of what is seen. A line end in one is escaped. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
}

/** Between two columns. */
const GAP = '  '

/** A table as text, as wide as what is in it. */
export function formatTable({ columns, rows }: Table, style: Style): string {
  const shown = rows.map((cells) => cells.map((cell) => escapeText(cell)))
  const widthOf = (cell: string): number => displayWidth(style.strip(cell))
  const widths = columns.map(({ title }, n) =>
    shown.reduce((width, row) => Math.max(width, widthOf(row[n] ?? '')), title.length),
  )
  const pad = (cell: string, width: number, align: Column['align'] = 'left'): string => {
    const space = ' '.repeat(Math.max(0, width - widthOf(cell)))
    return align === 'right' ? space + cell : cell + space
  }
  const format = (cells: readonly string[]): string =>
    columns
      .map(({ align }, n) => pad(cells[n] ?? '', widths[n]!, align))
      .join(GAP)
      .trimEnd()
  const head = columns.map(({ title }) => style.dim(title.toUpperCase()))
  return [head, ...shown].map(format).join('\n')
}
