import type { IniText } from './ini-text.ts'
import { type Environment, readVariable } from './interpolate.ts'
import { typeOfPlainText } from './type-plain-text.ts'

/** A value, and the last line it takes up. */
interface Scanned {
  value: string | number | boolean | null
  line: number
}

/**
 * Reads the value that begins at `start`: quoted, or plain text up to a `;`.
 *
 * @param line - the line with the key; the first is 1.
 * @param start - the position after `=`.
 */
export function scanValue(source: IniText, line: number, start: number, env: Environment): Scanned {
  const text = source.lines[line - 1]!
  const begin = text.length - text.slice(start).trimStart().length
  if (text[begin] === '"') return scanDoubleQuoted(source, line, begin + 1, env)
  if (text[begin] === "'") return scanSingleQuoted(source, line, begin + 1)
  return { value: scanPlain(source, line, begin, env), line }
}

/** Plain text is typed; one that contains a variable stays a string, as in PHP: the environment is text. */
function scanPlain(source: IniText, line: number, start: number, env: Environment): Scanned['value'] {
  const text = source.lines[line - 1]!
  const marks = /;|"|\$\{/g
  let value = ''
  let copied = start
  let end = text.length
  marks.lastIndex = start
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === ';') {
      end = mark.index
      break
    }
    if (mark[0] === '"') {
      const remedy =
        'Put the whole value in single quotes, or in double quotes with \\" for each quote inside.'
      source.fail(line, 'There is a double quote inside a value that does not begin with one.', remedy)
    }
    const variable = readVariable({ source, line, env }, mark.index)
    value += text.slice(copied, mark.index) + variable.text
    copied = variable.end
    marks.lastIndex = variable.end
  }
  const rest = text.slice(copied, end).trimEnd()
  if (copied > start) return value + rest
  refuseHashComment(source, line, rest)
  return typeOfPlainText(rest)
}

/** `debug = no # for now` would be the text "no # for now", which is true: never what was meant. */
function refuseHashComment(source: IniText, line: number, text: string): void {
  const first = /^(\S+)\s+#/.exec(text)?.[1]
  if (first === undefined || typeof typeOfPlainText(first) === 'string') return
  const remedy = 'Begin it with ";", or put the whole value in quotes if "#" belongs to it.'
  source.fail(line, 'A comment after a value cannot begin with "#".', remedy)
}

/** Known escapes are `\"`, `\\` and `\$`; every other backslash stays, so that Windows paths survive. */
function scanDoubleQuoted(source: IniText, firstLine: number, start: number, env: Environment): Scanned {
  let value = ''
  let copied = start
  for (let line = firstLine; line <= source.lines.length; line++) {
    const text = source.lines[line - 1]!
    if (line > firstLine && SETTING_OR_SECTION.test(text)) refuseSwallowing(source, firstLine, line, 'double')
    const marks = /"|\\["\\$]|\$\{/g
    marks.lastIndex = copied
    for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
      value += text.slice(copied, mark.index)
      if (mark[0] === '"') {
        expectNothing(source, line, mark.index + 1)
        return { value, line }
      }
      if (mark[0] === '${') {
        const variable = readVariable({ source, line, env }, mark.index)
        value += variable.text
        marks.lastIndex = variable.end
      } else {
        value += mark[0][1]
      }
      copied = marks.lastIndex
    }
    value += `${text.slice(copied)}\n`
    copied = 0
  }
  const remedy = endsInEscapedQuote(source, firstLine) ? ESCAPED_QUOTE : 'Add the closing ".'
  return source.fail(firstLine, 'The double quote that opens here is never closed.', remedy)
}

/** What stands before a setting's value: `key =`, `key[] =`. */
const KEY = String.raw`[^\s=;#"'[\]]+(?:\[[^\]]*\])*\s*=`

/** A line of its own, such as `key = value` or `[section]`. */
const SETTING_OR_SECTION = new RegExp(String.raw`^\s*(?:${KEY}|\[[^\]]+\]\s*(?:;.*)?$)`)

/** A line up to the quote that begins a setting's value. */
const OPENING = new RegExp(String.raw`^\s*${KEY}\s*$`)

const ESCAPED_QUOTE =
  'It ends in \\", which is a quote inside of the text: write \\\\" there, or put the value in single quotes.'

function endsInEscapedQuote(source: IniText, line: number): boolean {
  return /(?<!\\)(?:\\\\)*\\"\s*(?:;.*)?$/.test(source.lines[line - 1]!)
}

/** A setting would be lost without a word, or a whole section. */
function refuseSwallowing(
  source: IniText,
  firstLine: number,
  line: number,
  quote: 'double' | 'single',
): never {
  const problem = `The ${quote} quote that opens here takes in line ${line}, which looks like a setting or a section.`
  const remedy = endsInEscapedQuote(source, firstLine)
    ? ESCAPED_QUOTE
    : quote === 'double'
      ? 'Close it on its own line. Text that has such lines goes in single quotes.'
      : 'Close it on its own line.'
  return source.fail(firstLine, problem, remedy)
}

/** Everything up to the next single quote, as it is. */
function scanSingleQuoted(source: IniText, firstLine: number, start: number): Scanned {
  let value = ''
  let copied = start
  for (let line = firstLine; line <= source.lines.length; line++) {
    const text = source.lines[line - 1]!
    const close = text.indexOf("'", copied)
    if (close !== -1) {
      if (line > firstLine && OPENING.test(text.slice(0, close)))
        refuseSwallowing(source, firstLine, line, 'single')
      expectNothing(source, line, close + 1)
      return { value: value + text.slice(copied, close), line }
    }
    value += `${text.slice(copied)}\n`
    copied = 0
  }
  const remedy = "Add the closing ', or put the value in double quotes if it contains single ones."
  return source.fail(firstLine, 'The single quote that opens here is never closed.', remedy)
}

function expectNothing(source: IniText, line: number, start: number): void {
  const rest = source.lines[line - 1]!.slice(start).trim()
  if (rest === '' || rest.startsWith(';')) return
  if (rest.startsWith('#')) {
    source.fail(line, 'A comment after a value cannot begin with "#".', 'Begin it with ";".')
  }
  const remedy =
    'Put the whole value in one pair of quotes (in double quotes, \\" is a quote), or begin a comment with ";".'
  source.fail(line, `There is text after the closing quote: ${rest.slice(0, 40)}`, remedy)
}
