import { shellCommand } from './quote-for-shell.ts'
import { refuseText } from './refuse-text.ts'

const FORMAT = 'a crontab'

/** A command line for crontab(5), where `%` is a line break, and `\%` the character. */
export function cronCommand(words: readonly string[]): string {
  for (const word of words) {
    // Some versions of cron take one of two backslashes away, some do not.
    if (word.includes('\\'))
      refuseText(word, FORMAT, 'backslashes mean different things to different versions of cron')
  }
  return shellCommand(words, FORMAT).replaceAll('%', '\\%')
}
