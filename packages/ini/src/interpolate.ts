import type { IniText } from './ini-text.ts'

/** Where `${NAME}` is looked up. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where a scan stands. */
interface Place {
  source: IniText
  /** The first line is 1. */
  line: number
  env: Environment
}

/**
 * Reads the variable whose `${` stands at `start`.
 *
 * A variable that is not set gives its fallback, else the empty string, as in PHP. One that is set to the
 * empty string is set: PHP 8.3 reads `${NAME:-fallback}` so too, unlike a shell.
 *
 * @returns the text to insert, and the position after `}`.
 */
export function readVariable({ source, line, env }: Place, start: number): { text: string; end: number } {
  const whole = source.lines[line - 1]!
  const close = whole.indexOf('}', start)
  if (close === -1) {
    source.fail(line, `"\${" has no closing "}".`, 'Close it, or put the value in single quotes.')
  }
  const inside = whole.slice(start + 2, close)
  const mark = inside.indexOf(':-')
  const name = mark === -1 ? inside : inside.slice(0, mark)
  if (name === '') {
    source.fail(line, 'A variable has no name.', `Write it as in "\${HOME}".`)
  }
  const fallback = mark === -1 ? '' : inside.slice(mark + 2)
  // Own properties only: ${__proto__} and ${constructor} are variables like any other.
  return { text: (Object.hasOwn(env, name) ? env[name] : undefined) ?? fallback, end: close + 1 }
}
