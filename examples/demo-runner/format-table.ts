/**
 * Rows as a table, the first of them its header.
 *
 * @param rows - all of the same length.
 * @param textColumns - so many of the first columns hold text; the others numbers, which are aligned at the right.
 */
export function formatTable(rows: readonly (readonly string[])[], textColumns: number): string {
  const [header = []] = rows
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column < textColumns ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    ),
  )
  lines.splice(
    1,
    0,
    widths.map((width) => '-'.repeat(width)),
  )
  return lines.map((line) => `  ${line.join('  ')}`.trimEnd()).join('\n')
}
