import type { Command } from './command.ts'

type Examples = Command['examples']

const PROGRAM_EXAMPLES: Examples = [
  ['start poller.ts', 'runs a daemon in the background'],
  ['list', 'shows all that run'],
  ['logs poller -f', 'follows the log of one'],
  ['stop poller', 'ends it when it has finished what it does'],
]

/** What help of a command says of its use. */
export function describeCommand({ usage, summary, details }: Command): string {
  const parts = [`Usage: sd-cli ${usage} [options]`, `${summary}.`, details]
  return parts.filter((part) => part !== undefined).join('\n\n')
}

/**
 * What help begins with. Not for yargs: it takes the spaces away that lines begin with.
 *
 * @param command - undefined: the whole program.
 */
export function formatExamples(command: Command | undefined): string {
  const examples = command?.examples ?? PROGRAM_EXAMPLES
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, purpose]) => `  sd-cli ${line.padEnd(width)}  ${purpose}`)
  return ['Examples:', ...lines].join('\n')
}
