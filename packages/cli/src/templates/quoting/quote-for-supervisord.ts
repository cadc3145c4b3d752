import { refuseControlCharacters, refuseText } from './refuse-text.ts'

const FORMAT = 'the configuration of supervisord'

/**
 * `command=`: taken apart as a shell would. `%` begins an expression of Python, and a semicolon or a hash after a space
 * a comment, quoted or not: an empty pair of quotes keeps them apart.
 */
export function supervisordCommand(words: readonly string[]): string {
  const quoted = words.map((word) => {
    refuseControlCharacters(word, FORMAT)
    if (/^[\w@+=:,./%-]+$/.test(word)) return word
    return `'${word.replaceAll("'", `'"'"'`).replace(/(\s)(?=[;#])/g, "$1''")}'`
  })
  return escapePercent(quoted.join(' '))
}

/** A setting that is taken as it is: a directory, a file, a user. */
export function supervisordValue(value: string): string {
  refuseControlCharacters(value, FORMAT)
  if (/\s[;#]/.test(value))
    refuseText(value, FORMAT, 'a semicolon or hash after a space begins a comment there')
  if (value.trim() !== value) refuseText(value, FORMAT, 'spaces at its ends are lost there')
  return escapePercent(value)
}

/** `environment=`. */
export function supervisordEnvironment(variables: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(variables).map(([name, value]) => {
    supervisordValue(value)
    if (/["']/.test(value)) refuseText(value, FORMAT, 'quotation marks cannot be part of a variable there')
    return `${name}="${escapePercent(value)}"`
  })
  return pairs.join(',')
}

function escapePercent(text: string): string {
  return text.replaceAll('%', '%%')
}
