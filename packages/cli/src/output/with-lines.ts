/** A message with the last lines of a log, or of what was printed, beneath it. */
export function withLines(text: string, lines: readonly string[]): string {
  const shown = lines.filter((line) => line.trim() !== '')
  return shown.length === 0
    ? text
    : `${text}\nIts last lines:\n${shown.map((line) => `  ${line}`).join('\n')}`
}
