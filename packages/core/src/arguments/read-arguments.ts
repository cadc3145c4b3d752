import { suggestName } from '../nearest-name.ts'
import { type OwnOption, type OwnOptions, wordOf } from './own-options.ts'

/** Something that is wrong with a command line. */
export interface ArgumentProblem {
  readonly kind: 'unknown' | 'wrong' | 'missing'
  /** The option, without its dashes. */
  readonly option: string
  readonly value?: string
  /** A sentence. */
  readonly message: string
}

/** What a command line says. */
export interface ReadArguments {
  /** The options' values, by name. */
  readonly values: Readonly<Record<string, unknown>>
  readonly problems: readonly ArgumentProblem[]
}

/**
 * Reads a daemon's own options from the words of a command line. Words that are no options are left alone, and `--` means nothing.
 *
 * @param others - names of options that belong to somebody else, to be suggested.
 */
export function readArguments(
  options: OwnOptions,
  words: readonly string[],
  others: readonly string[] = [],
): ReadArguments {
  const names = new Map(Object.keys(options).map((name) => [wordOf(name), name]))
  const values: Record<string, unknown> = {}
  const problems: ArgumentProblem[] = []
  const rest = words.filter((word) => word !== '--')

  const take = (name: string, word: string, value: string | undefined): void => {
    const option = options[name]!
    const fail = (message: string): void =>
      void problems.push({ kind: 'wrong', option: word, ...(value !== undefined && { value }), message })
    if (value === undefined) return fail(`Option --${word} needs a value: --${word}=${placeholder(option)}.`)
    if (Object.hasOwn(values, name) && !option.array)
      return fail(`Option --${word} is given twice (${JSON.stringify(value)}). Give it once.`)
    const read = readValue(option, value)
    if (typeof read === 'object')
      return fail(`Option --${word} must be ${read.wanted}, not ${JSON.stringify(value)}.`)
    values[name] = option.array ? [...((values[name] as unknown[] | undefined) ?? []), read] : read
  }

  for (let index = 0; index < rest.length; index++) {
    const found = readFlag(rest[index]!)
    if (!found) continue
    const { word, value } = found
    const name = names.get(word)
    const denied = word.startsWith('no-') ? names.get(word.slice(3)) : undefined
    if (name !== undefined) {
      const isFlag = options[name]!.type === 'boolean'
      const next = rest[index + 1]
      const takesNext = !isFlag && value === undefined && next !== undefined && !readFlag(next)
      if (takesNext) index++
      take(name, word, value ?? (isFlag ? 'true' : takesNext ? next : undefined))
    } else if (denied !== undefined && options[denied]!.type === 'boolean' && value === undefined) {
      take(denied, word.slice(3), 'false')
    } else {
      const known = [...names.keys(), ...others].map((each) => `--${each}`)
      const message = `There is no option ${found.written}.${suggestName(found.written, known)}`
      problems.push({ kind: 'unknown', option: word, message })
    }
  }
  fillIn(options, values, problems)
  return { values: Object.freeze(values), problems }
}

/** Whether a word is an option; a negative number is none. */
export function isFlag(word: string): boolean {
  return readFlag(word) !== undefined
}

function readFlag(written: string): { word: string; value: string | undefined; written: string } | undefined {
  const [, dashes, name, , value] = /^(--?)([^\s\d.=-][^=]*)(=(.*))?$/s.exec(written) ?? []
  if (name === undefined) return undefined
  return { word: dashes === '--' ? wordOf(name) : name, value, written: `${dashes}${name}` }
}

function readValue(option: OwnOption, text: string): string | number | boolean | { wanted: string } {
  const { type, choices } = option
  if (type === 'boolean') {
    return text === 'true' || text === 'false' ? text === 'true' : { wanted: 'true or false' }
  }
  const value = type === 'number' ? (text.trim() === '' ? Number.NaN : Number(text)) : text
  if (typeof value === 'number' && !Number.isFinite(value)) return { wanted: 'a number' }
  if (choices && !(choices as readonly unknown[]).includes(value)) {
    return { wanted: choices.length === 1 ? String(choices[0]) : `one of ${choices.join(', ')}` }
  }
  return value
}

function fillIn(options: OwnOptions, values: Record<string, unknown>, problems: ArgumentProblem[]): void {
  for (const [name, option] of Object.entries(options)) {
    const word = wordOf(name)
    if (Object.hasOwn(values, name)) continue
    const { array, type, default: fallback = array ? [] : type === 'boolean' ? false : undefined } = option
    values[name] = fallback
    if (!option.required || problems.some((problem) => problem.option === word)) continue
    const purpose = option.describe ? ` (${option.describe})` : ''
    const give = type === 'boolean' ? `--${word} or --no-${word}` : `--${word} ${placeholder(option)}`
    problems.push({
      kind: 'missing',
      option: word,
      message: `Option --${word} is missing${purpose}. Give it: ${give}.`,
    })
  }
}

function placeholder({ type }: OwnOption): string {
  return type.toUpperCase()
}

/** The lines of a help: what is written, and what it is for. */
export function describeOwnOptions(options: OwnOptions): (readonly [flag: string, purpose: string])[] {
  return Object.entries(options).map(([name, option]) => {
    const { type, describe = '', default: fallback, choices, required, array } = option
    const flag = `--${wordOf(name)}`
    const notes = [
      choices?.join(', '),
      array && 'several times',
      required && 'required',
      fallback !== undefined && fallback !== false && `default ${JSON.stringify(fallback)}`,
    ].filter(Boolean)
    const purpose = [describe, notes.length > 0 && `(${notes.join('; ')})`].filter(Boolean).join(' ')
    return [type === 'boolean' ? flag : `${flag} ${placeholder(option)}`, purpose]
  })
}
