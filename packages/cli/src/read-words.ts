import yargs, { type Argv } from 'yargs'
import type { Command } from './command.ts'
import { commands } from './command-list.ts'
import { describeCommand, formatExamples } from './help.ts'
import { divideWords, splitWords } from './launch/daemon-words.ts'
import { WrongWords } from './wrong-words.ts'

/** A command, and what it is to be called with. */
export interface AskedCommand {
  readonly command: Command
  readonly args: Readonly<Record<string, unknown>>
}

/** Columns of help where the terminal has more. */
const WIDEST = 100

/**
 * What a command line asks for.
 *
 * @param words - what follows `sd-cli`.
 * @param print - takes the help, where that is what is asked for.
 * @returns the file that help was asked about, or undefined, when help was all.
 * @throws WrongWords
 */
export async function readWords(
  words: readonly string[],
  print: (text: string) => void,
): Promise<AskedCommand | string | undefined> {
  let asked: AskedCommand | undefined
  const known = commands.find(({ name }) => name === words[0])
  const parser = createParser((problem) => {
    throw new WrongWords(problem, known)
  })
  if (!known) parser.option('version', { type: 'boolean', describe: 'Show the version' })
  // Who names a command needs no other: yargs takes its time to declare them.
  for (const command of known ? [known] : commands) {
    declare(parser, command, (args) => {
      asked = { command, args: divided ? { ...args, ...splitWords(divided.daemon) } : args }
    })
  }
  const divided = known?.passesOptions
    ? divideWords(words.slice(1), optionsOf(known), countOwn(known))
    : undefined
  const read = divided ? [known!.name, ...divided.own] : [...words]
  const help = words.length === 0 ? ['--help'] : read
  await parser.parseAsync(help, {}, (_error: unknown, _args: unknown, output: string) => {
    if (output) print(`${formatExamples(commands.find(({ name }) => words.includes(name)))}\n\n${output}`)
  })
  return asked ?? divided?.positionals.at(-1)
}

function optionsOf({ options = {} }: Command): Parameters<typeof divideWords>[1] {
  return { ...options, json: { type: 'boolean' }, help: { type: 'boolean', alias: ['h', 'H'] } }
}

/** How many positional words come before the daemon's. */
function countOwn({ parameters = {} }: Command): number {
  return Object.keys(parameters).filter((name) => name !== 'args').length
}

function createParser(fail: (problem: string) => never): Argv {
  return (
    // Not where we are: that directory may have been removed.
    yargs([], '/')
      .scriptName('sd-cli')
      .usage('Usage: sd-cli <command> [options]')
      .locale('en')
      // What follows `--` is for the daemon.
      .parserConfiguration({ 'populate--': true, 'parse-positional-numbers': false })
      .option('json', { type: 'boolean', describe: 'Print JSON' })
      .help('help', 'Show help')
      // `-H` is the original's.
      .alias('help', ['h', 'H'])
      .version(false)
      .strict()
      .exitProcess(false)
      .wrap(Math.min(WIDEST, process.stdout.columns ?? WIDEST))
      .fail((message, error) => fail(message ?? error.message))
  )
}

function declare(
  parser: Argv,
  command: Command,
  ask: (args: Readonly<Record<string, unknown>>) => void,
): void {
  const { usage, summary, parameters = {}, options = {}, takesRest = false } = command
  parser.command(
    usage,
    summary,
    (own) => {
      own.usage(describeCommand(command)).options(options)
      for (const [name, parameter] of Object.entries(parameters)) own.positional(name, parameter)
    },
    (args) => {
      for (const [name, { type, array }] of Object.entries(options)) {
        if (!array && Array.isArray(args[name])) throw new WrongWords(`--${name} is given twice.`, command)
        if (type === 'number' && Number.isNaN(args[name])) {
          throw new WrongWords(`--${name} must be a number.`, command)
        }
      }
      const rest = ((args['--'] as readonly (string | number)[]) ?? []).map(String)
      if (rest.length > 0 && !takesRest) {
        throw new WrongWords(`"${command.name}" takes nothing behind "--".`, command)
      }
      ask({ ...args, rest })
    },
  )
}
