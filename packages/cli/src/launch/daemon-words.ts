import { type DaemonBase, isFlag, nearestName, SdError } from '@sd/core'

/** An option of a command line, as far as it matters for taking the words apart. */
interface KnownOption {
  readonly type?: string | undefined
  readonly alias?: string | readonly string[] | undefined
}

/** A command line, taken apart. */
export interface DividedWords {
  /** Our own: options, and the first positional words. */
  readonly own: readonly string[]
  /** Those of them that are positional. */
  readonly positionals: readonly string[]
  /** The daemon's, with the `--` where there was one. */
  readonly daemon: readonly string[]
}

/**
 * Divides a command line into our words and the daemon's: words behind its file, options that are not ours, and all that
 * follows `--`.
 *
 * @param options - ours.
 * @param count - how many positional words are ours: those before the daemon's.
 */
export function divideWords(
  words: readonly string[],
  options: Readonly<Record<string, KnownOption>>,
  count: number,
): DividedWords {
  const types = new Map<string, string | undefined>()
  for (const [name, { type, alias = [] }] of Object.entries(options)) {
    for (const each of [name, alias].flat()) types.set(each, type)
  }
  const own: string[] = []
  const daemon: string[] = []
  const positionals: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (word === '--') {
      daemon.push(...words.slice(index))
      break
    }
    const name = isFlag(word) ? findOption(word, types) : undefined
    if (name !== undefined) {
      own.push(word)
      const takesNext = types.get(name) !== 'boolean' && !word.includes('=') && endsWith(word, name)
      if (takesNext && index + 1 < words.length) own.push(words[++index]!)
    } else if (positionals.length < count) {
      // An option before the file can only be meant for us.
      own.push(word)
      if (!isFlag(word)) positionals.push(word)
    } else {
      daemon.push(word)
    }
  }
  return { own, positionals, daemon }
}

/** The option that a word gives: `--log=x`, `--no-control`, `-p`, `-px`, `-dH`. */
function findOption(word: string, types: ReadonlyMap<string, unknown>): string | undefined {
  if (!word.startsWith('--')) {
    const letters = [...word.slice(1)]
    const valued = letters.findIndex((letter) => types.has(letter) && types.get(letter) !== 'boolean')
    const all = valued < 0 ? letters : letters.slice(0, valued + 1)
    return all.every((letter) => types.has(letter)) ? all.at(-1) : undefined
  }
  const name = word
    .slice(2)
    .split('=')[0]!
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  if (types.has(name)) return name
  return name.startsWith('no-') && types.get(name.slice(3)) === 'boolean' ? name.slice(3) : undefined
}

/** Whether nothing follows the option in its own word, as the value in `-px` does. */
function endsWith(word: string, name: string): boolean {
  return word.startsWith('--') || word.endsWith(name)
}

/** The daemon's words, as commands get them. */
export interface SplitWords {
  /** Before `--`. */
  readonly args: readonly string[]
  /** Behind it. */
  readonly rest: readonly string[]
}

/** Splits the daemon's words at `--`. */
export function splitWords(words: readonly string[]): SplitWords {
  const end = words.indexOf('--')
  return end < 0 ? { args: words, rest: [] } : { args: words.slice(0, end), rest: words.slice(end + 1) }
}

/** The reverse of {@link splitWords}. */
export function joinWords({ args, rest }: SplitWords): string[] {
  return [...args, ...(rest.length > 0 ? ['--', ...rest] : [])]
}

/** What the daemon's file finds in `process.argv` behind itself. */
export function argumentsOf(words: readonly string[]): string[] {
  const { args, rest } = splitWords(words)
  return [...args, ...rest]
}

/**
 * Checks what is for the daemon, once it is loaded.
 *
 * @param words - as `divideWords` gives them.
 * @param switches - the names of our own options.
 * @param complete - whether what is required must be there.
 * @throws SdError `SD_CORE_ARGUMENTS`, and `SD_CLI_USAGE` where the daemon has no options of its own.
 */
export function checkDaemonWords(
  daemon: DaemonBase,
  words: readonly string[],
  switches: readonly string[],
  complete: boolean,
): void {
  const known = switches.filter(({ length }) => length > 1)
  daemon.checkArguments({ others: known, complete })
  if (Object.keys(daemon.options).length > 0) return
  const unknown = splitWords(words).args.find(isFlag)
  if (unknown === undefined) return
  const name = unknown.replace(/^-+|=.*$/g, '')
  const nearest = nearestName(name, known)
  const meant =
    nearest === undefined
      ? `What is for the daemon comes after "--": -- ${unknown}.`
      : `Did you mean "--${nearest}"?`
  throw new SdError('SD_CLI_USAGE', `There is no option "${name}". ${meant} See: -H`, { option: name })
}
