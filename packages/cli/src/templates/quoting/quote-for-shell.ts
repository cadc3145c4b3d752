import { refuseControlCharacters } from './refuse-text.ts'

/** One word of a POSIX shell. */
export function quoteForShell(word: string, format = 'a shell script'): string {
  refuseControlCharacters(word, format)
  return /^[\w@+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A command line of a POSIX shell. */
export function shellCommand(words: readonly string[], format?: string): string {
  return words.map((word) => quoteForShell(word, format)).join(' ')
}
