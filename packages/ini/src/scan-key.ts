import type { IniText } from './ini-text.ts'
import { deepestNesting } from './ini-value.ts'

/** A key as written: `path[entry] = `. */
interface ScannedKey {
  /** `a.b` is `['a', 'b']`. */
  path: readonly string[]
  /** What stands in brackets; the empty string for `[]`, undefined without brackets. */
  entry: string | undefined
  /** The position after `=`. */
  end: number
}

/** Reads the key at the beginning of a line, up to and with its `=`. */
export function scanKey(source: IniText, line: number): ScannedKey {
  const text = source.lines[line - 1]!
  const equals = text.indexOf('=')
  if (equals === -1) {
    const example = text.split(/[;:]/)[0]!.trim().slice(0, 40) || 'key'
    const remedy = `Write "${example} = on" to switch it on, "${example} =" for the empty string, or put ";" in front to make it a comment.`
    source.fail(line, 'There is no "=" after the key.', remedy)
  }
  const bracket = text.indexOf('[')
  if (bracket === -1 || bracket > equals) {
    return { path: splitName(source, line, text.slice(0, equals)), entry: undefined, end: equals + 1 }
  }
  const path = splitName(source, line, text.slice(0, bracket))
  const { name, end } = scanBrackets(source, line, bracket)
  const rest = text.slice(end)
  const blanks = rest.length - rest.trimStart().length
  if (rest[blanks] === '[') {
    const better = `${path.join('.')}.${name.trim() || 'name'}[...]`
    source.fail(line, 'A key has one pair of brackets at most.', `Nest with dots: "${better} = value".`)
  }
  if (rest[blanks] !== '=') source.fail(line, 'There is no "=" after "]".', 'Write "key[name] = value".')
  checkPart(source, line, name)
  return { path, entry: name, end: end + blanks + 1 }
}

/** Reads a section's header. A dot nests: `[a.b]` is `['a', 'b']`, `["a.b"]` is one name. */
export function scanSection(source: IniText, line: number): readonly string[] {
  const text = source.lines[line - 1]!
  const { name, quoted, end } = scanBrackets(source, line, text.indexOf('['))
  const rest = text.slice(end).trim()
  if (rest !== '' && !rest.startsWith(';') && !rest.startsWith('#')) {
    source.fail(line, 'There is text after the section.', 'Put it on a line of its own.')
  }
  if (name === '') source.fail(line, 'The section has no name.', 'Write it as in "[database]".')
  if (!quoted) return splitName(source, line, name)
  checkPart(source, line, name)
  return [name]
}

/** Reads `[name]`, `["name"]` or `['name']`; quotes let a name contain `]`. */
function scanBrackets(
  source: IniText,
  line: number,
  open: number,
): { name: string; quoted: boolean; end: number } {
  const text = source.lines[line - 1]!
  const start = text.length - text.slice(open + 1).trimStart().length
  const quote = text[start]
  const quoted = quote === '"' || quote === "'"
  const afterQuote = quoted ? text.indexOf(quote, start + 1) + 1 : start
  const close = quoted && afterQuote === 0 ? -1 : text.indexOf(']', afterQuote)
  if (close === -1) source.fail(line, '"[" is never closed.', 'Write "]" after the name.')
  if (!quoted) return { name: text.slice(start, close).trim(), quoted, end: close + 1 }
  if (text.slice(afterQuote, close).trim() !== '') {
    source.fail(line, 'There is text after the quoted name.', 'Put the whole name in quotes.')
  }
  return { name: text.slice(start + 1, afterQuote - 1), quoted, end: close + 1 }
}

function splitName(source: IniText, line: number, name: string): readonly string[] {
  const path = name.split('.').map((part) => part.trim())
  if (path.length > deepestNesting) {
    source.fail(line, `The name nests deeper than ${deepestNesting} levels.`, 'Use fewer dots.')
  }
  if (name.trim() === '') source.fail(line, 'There is no key in front.', 'Write "key = value".')
  if (path.includes('')) {
    source.fail(line, 'A dot needs a name before and after it.', 'Write it as in "database.host".')
  }
  for (const part of path) checkPart(source, line, part)
  if (/^'|["\]]/.test(name.trim())) {
    source.fail(line, 'A key cannot contain double quotes or "]", or begin with a quote.', 'Leave them out.')
  }
  return path
}

function checkPart(source: IniText, line: number, name: string): void {
  if (name === '__proto__') {
    source.fail(line, 'The name "__proto__" is refused: it could change the program.', 'Choose another name.')
  }
  if (name.includes('${')) {
    source.fail(line, 'A name cannot contain "${": variables are for values.', 'Write the name out.')
  }
}
