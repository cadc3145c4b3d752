import { refuseControlCharacters, refuseText } from './refuse-text.ts'

const FORMAT = 'a systemd unit'

/**
 * A command line of `ExecStart=`: systemd.service(5) "Command lines". In the program's own path no variable is replaced,
 * in its arguments `$` begins one, and `%` begins a specifier everywhere.
 */
export function systemdCommand([program, ...args]: readonly string[]): string {
  return [quoteForSystemd(program!), ...args.map((arg) => quoteForSystemd(arg).replaceAll('$', '$$$$'))].join(
    ' ',
  )
}

/** One word of a setting that takes several. */
export function quoteForSystemd(word: string): string {
  const escaped = escapePercent(refuseControlCharacters(word, FORMAT))
  if (/^[\w@+=:,./%$-]+$/.test(word)) return escaped
  return `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** A setting that is one path and is not quoted: `WorkingDirectory=`. */
export function systemdPath(path: string): string {
  refuseControlCharacters(path, FORMAT)
  if (path.trim() !== path) refuseText(path, FORMAT, 'spaces at the ends of a path are lost there')
  if (path.endsWith('\\')) refuseText(path, FORMAT, 'a backslash at its end continues the line')
  return escapePercent(path)
}

/** A setting that is text for people. */
export function systemdText(text: string): string {
  return systemdPath(text)
}

function escapePercent(text: string): string {
  return text.replaceAll('%', '%%')
}
