/**
 * The names of a function's parameters, from its source.
 *
 * @param source - the script.
 * @param line - where the function begins, from 0: V8 means its list of parameters.
 * @param column - from 0.
 * @returns each as it is written, without its default value: `n`, `...rest`, `{ a, b }`.
 */
export function readParameters(source: string, line: number, column: number): string[] {
  const lines = source.split('\n')
  const text = [lines[line]?.slice(column) ?? '', ...lines.slice(line + 1, line + 30)].join('\n')
  const open = text.indexOf('(')
  const arrow = /^\s*(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(text)
  if (arrow) return [arrow[1]!]
  if (open < 0) return []
  return splitList(text, open + 1)
    .map((part) => cutDefault(part).trim())
    .filter((part) => part !== '')
}

/**
 * The names that a parameter gives: those within it where it is a pattern.
 *
 * @param parameter - as {@link readParameters} tells it, or a part of one.
 */
export function readBoundNames(parameter: string): string[] {
  const text = parameter.trim().replace(/^\.\.\./, '')
  if (!isPattern(text)) return /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(text)?.slice(0, 1) ?? []
  return splitList(text, 1).flatMap((part) => readBoundNames(withoutKey(part.trim())))
}

/** Whether it takes something apart, as `{ a, b }` does. */
export function isPattern(parameter: string): boolean {
  return /^[{[]/.test(parameter)
}

/** `a: b` is `b`. */
function withoutKey(part: string): string {
  const key = /^(?:[\p{ID_Continue}$]+|"[^"]*"|'[^']*'|\[[^\]]*\])\s*:/u.exec(part)
  return key ? part.slice(key[0].length) : part
}

/** The parts of a list up to its closing bracket. */
function splitList(text: string, from: number): string[] {
  const parts: string[] = []
  let depth = 0
  let begin = from
  for (let at = from; at < text.length; at++) {
    const char = text[at]!
    if (char === '"' || char === "'" || char === '`') at = skipString(text, at)
    else if (text.startsWith('/*', at)) at = Math.max(at, text.indexOf('*/', at) + 1)
    else if ('([{'.includes(char)) depth++
    else if (depth === 0 && ')]}'.includes(char)) {
      parts.push(text.slice(begin, at))
      return parts
    } else if (')]}'.includes(char)) depth--
    else if (depth === 0 && char === ',') {
      parts.push(text.slice(begin, at))
      begin = at + 1
    }
  }
  return []
}

function skipString(text: string, at: number): number {
  const quote = text[at]
  for (let next = at + 1; next < text.length; next++) {
    if (text[next] === '\\') next++
    else if (text[next] === quote) return next
  }
  return text.length
}

/** `n = 1` is `n`; in a pattern defaults stay. */
function cutDefault(part: string): string {
  const text = part.replace(/\/\*[\s\S]*?\*\//g, '').trim()
  if (isPattern(text)) return text.replace(/\s+/g, ' ')
  return text.split('=')[0]!
}
