import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const BEGIN = '<!-- bench: begin -->'
const END = '<!-- bench: end -->'

/**
 * Writes a report to a file: between the two markers, where the file has them, else as the whole file.
 */
export function writeMarkdown(file: string, report: string): void {
  const old = existsSync(file) ? readFileSync(file, 'utf8') : `${BEGIN}\n${END}\n`
  writeFileSync(file, replaceReport(old, report))
}

/** The document with the report between its markers. A document without markers is replaced. */
export function replaceReport(document: string, report: string): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin === -1 || end < begin) return `${report}\n`
  return `${document.slice(0, begin + BEGIN.length)}\n\n${report}\n\n${document.slice(end)}`
}
