import { escapeText } from '@sd/core/escape-text'
import type { Options } from 'yargs'
import type { Command } from '../command.ts'
import { listDaemonNames } from './daemon-names.ts'
import { listSegmentNames } from './segment-names.ts'
import { shells } from './shell-scripts.ts'
import { listSignalNames } from './signal-names.ts'

/** What may come next on a command line. */
export interface Completion {
  readonly candidates: readonly Candidate[]
  /** What the shell itself knows better, where none of the candidates is meant. */
  readonly paths?: 'files' | 'directories'
}

/** A word, and what it is. */
export type Candidate = readonly [word: string, description: string]

/** What every command has. */
const COMMON: Readonly<Record<string, Options>> = {
  json: { describe: 'Print JSON' },
  help: { describe: 'Show help', alias: 'h' },
}

/** Parameters and options whose values are paths. */
const FILES = ['file', 'pid-file', 'log']
const DIRECTORIES = ['cwd', 'dir', 'root']

/**
 * What may stand in the place of the last word.
 *
 * @param words - what follows `sd-cli` up to the cursor; the last one is what is being typed, and may be empty.
 * @param commands - all there are.
 */
export async function completeWords(
  words: readonly string[],
  commands: readonly Command[],
): Promise<Completion> {
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const found = await findCandidates(before, typed, commands)
  // What cannot be shown as it is cannot be typed either.
  const fits = ([word]: Candidate): boolean => word.startsWith(typed) && escapeText(word) === word
  return { ...found, candidates: found.candidates.filter(fits) }
}

async function findCandidates(
  before: readonly string[],
  typed: string,
  commands: readonly Command[],
): Promise<Completion> {
  const [name, ...args] = before
  if (name === undefined) {
    const all = commands.map(({ name, summary }): Candidate => [name, summary])
    return { candidates: typed.startsWith('-') ? describeOptions({ help: COMMON.help! }) : all }
  }
  const command = commands.find((candidate) => candidate.name === name)
  // What follows `--` is the daemon's own.
  if (!command || args.includes('--')) return { candidates: [], paths: 'files' }
  const options = { ...command.options, ...COMMON }
  const valued = findOption(args.at(-1), options)
  if (valued && takesValue(valued.option)) return complete(valued.name, typed, valued.option.choices)
  if (typed.startsWith('-')) return { candidates: describeOptions(options) }
  const parameter = nameParameter(command, countPositionals(args, options))
  return parameter === undefined
    ? { candidates: [] }
    : complete(parameter, typed, command.parameters?.[parameter]?.choices)
}

/** The values of a parameter, or of an option. */
async function complete(
  name: string,
  typed: string,
  choices: Options['choices'] | undefined,
): Promise<Completion> {
  if (choices) return { candidates: [...choices].map((choice): Candidate => [String(choice), '']) }
  if (FILES.includes(name)) return { candidates: [], paths: 'files' }
  if (DIRECTORIES.includes(name)) return { candidates: [], paths: 'directories' }
  switch (name) {
    // A daemon may be named by its file, too.
    case 'daemon':
      return { candidates: listDaemonNames(), paths: 'files' }
    case 'target':
      return { candidates: listDaemonNames() }
    case 'segment':
      return { candidates: await listSegmentNames() }
    case 'address':
      return { candidates: [], paths: 'files' }
    case 'signal':
      return { candidates: listSignalNames(typed.startsWith('SIG') ? 'SIG' : '') }
    case 'template':
    case 'I': {
      const { templates } = await import('../templates/template-list.ts')
      return { candidates: templates.map(({ name, title }): Candidate => [name, title]) }
    }
    case 'shell':
      return { candidates: shells.map((shell): Candidate => [shell, '']) }
    case 'args':
      return { candidates: [], paths: 'files' }
    default:
      return { candidates: [] }
  }
}

function describeOptions(options: Readonly<Record<string, Options>>): Candidate[] {
  return Object.entries(options)
    .filter(([, { hidden }]) => !hidden)
    .flatMap(([name, { alias = [], describe, description }]) =>
      [name, ...[alias].flat()].map(
        (word): Candidate => [word.length === 1 ? `-${word}` : `--${word}`, describe || description || ''],
      ),
    )
}

function findOption(
  word: string | undefined,
  options: Readonly<Record<string, Options>>,
): { name: string; option: Options } | undefined {
  const given = /^--?([\w-]+)$/.exec(word ?? '')?.[1]
  const found = Object.entries(options).find(
    ([name, { alias = [] }]) => name === given || [alias].flat().includes(given ?? ''),
  )
  return found && { name: found[0], option: found[1] }
}

function takesValue({ type }: Options): boolean {
  return type === 'string' || type === 'number'
}

/** How many of the words are neither options nor their values. */
function countPositionals(args: readonly string[], options: Readonly<Record<string, Options>>): number {
  return args.filter((word, index) => {
    if (word.startsWith('-')) return false
    const owner = findOption(args[index - 1], options)
    return !(owner && takesValue(owner.option))
  }).length
}

/** `init [template] [file] [args..]`: the last one may take all that follow. */
function nameParameter({ usage }: Command, index: number): string | undefined {
  const all = [...usage.matchAll(/[<[]([\w-]+)(\.\.)?[>\]]/g)]
  const last = all.at(-1)
  return all[index]?.[1] ?? (last?.[2] ? last[1] : undefined)
}
