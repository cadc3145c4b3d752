import type { Command } from './command.ts'

type Examples = Command['examples']

/** What help of the whole program begins with. */
export function describeProgram(): string {
  const examples: Examples = [
    ['start poller.ts', 'runs a daemon in the background'],
    ['list', 'shows all that run'],
    ['logs poller -f', 'follows the log of one'],
    ['stop poller', 'ends it when it has finished what it does'],
  ]
  return `${formatExamples(examples)}\n\nUsage: sd-cli <command> [options]`
}

/** What help of a command begins with. */
export function describeCommand({ usage, summary, examples, details }: Command): string {
  const parts = [formatExamples(examples), `Usage: sd-cli ${usage} [options]`, `${summary}.`, details]
  return parts.filter((part) => part !== undefined).join('\n\n')
}

function formatExamples(examples: Examples): string {
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, purpose]) => `  sd-cli ${line.padEnd(width)}  ${purpose}`)
  return ['Examples:', ...lines].join('\n')
}
