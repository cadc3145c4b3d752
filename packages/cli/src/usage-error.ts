import { nearestName, SdError } from '@sd/core'
import type { Command } from './command.ts'
import { commands } from './command-list.ts'
import type { WrongWords } from './wrong-words.ts'

/** Options that every command has. */
const COMMON = ['json', 'help']

/** What is wrong with a command line, with what to do. */
export function usageError({ message: problem, command }: WrongWords): SdError {
  const help = command ? `sd-cli ${command.name} --help` : 'sd-cli --help'
  const message = command ? explainArgument(problem, command) : explainCommand(problem)
  return new SdError('SD_CLI_USAGE', `${message} See: ${help}`)
}

/** `Unknown argument: lst` */
function explainCommand(problem: string): string {
  const [first] = readUnknown(problem)
  if (first === undefined) return sentence(problem)
  const names = commands.map(({ name }) => name)
  return `There is no command "${first}".${meant(nearestName(first, names), '')}`
}

/** `Unknown arguments: jsom, verbos` */
function explainArgument(problem: string, { name, usage, options = {}, takesRest }: Command): string {
  if (problem.startsWith('Not enough non-option')) return `A parameter is missing: sd-cli ${usage}.`
  const unknown = readUnknown(problem)
  if (unknown.length === 0) return sentence(problem)
  const aliases = Object.values(options).flatMap(({ alias }) => alias ?? [])
  const known = [...Object.keys(options), ...aliases, ...COMMON].filter(({ length }) => length > 1)
  const found = unknown.map((word) => ({ word, nearest: nearestName(word, known) }))
  const said = found.map(
    ({ word, nearest }) => `There is no option or parameter "${word}".${meant(nearest, '--')}`,
  )
  const forDaemon = found.find(({ nearest }) => nearest === undefined)
  if (takesRest && forDaemon) {
    said.push(`What is for the daemon comes behind "--": sd-cli ${name} ... -- --${forDaemon.word}`)
  }
  return said.map((text) => sentence(text)).join(' ')
}

function readUnknown(problem: string): string[] {
  const found = /^Unknown (?:argument|command)s?: (.*)$/.exec(problem)
  return found ? found[1]!.split(', ') : []
}

function meant(name: string | undefined, prefix: string): string {
  return name === undefined ? '' : ` Did you mean "${prefix}${name}"?`
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}
