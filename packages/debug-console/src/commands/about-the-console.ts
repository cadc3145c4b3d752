import type { Command } from './command.ts'

/** Commands about the console itself. */
export const aboutTheConsole: readonly Command[] = [
  {
    names: ['help', '?'],
    usage: 'help [COMMAND]',
    help: 'This list.',
    pattern: /^(\S*)$/,
    complete: ({ commands }) => commands.map(({ names }) => names[0]!),
    run(session, [, name]) {
      const wanted =
        name === '' ? session.commands : session.commands.filter(({ names }) => names.includes(name!))
      if (wanted.length === 0) throw new Error(`There is no command "${name}". "help" lists all.`)
      session.print(wanted.map(describeCommand).join('\n'))
    },
  },
  {
    names: ['!!'],
    usage: '!!',
    help: 'The last command once more.',
    // Whoever reads the lines knows what the last one was.
    run(session) {
      session.print('There was none.')
    },
  },
  {
    names: ['indent'],
    usage: 'indent y|n',
    help: 'Whether the messages of one call have a column of their own.',
    pattern: /^([yn])$/,
    complete: () => ['y', 'n'],
    run(session, [, answer]) {
      session.indent = answer === 'y'
      session.print(session.indent ? 'Each call has a column of its own.' : 'All messages begin at the left.')
    },
  },
]

/** Columns of the list that the usage has for itself. */
const USAGE_WIDTH = 18

function describeCommand({ names, usage, help }: Command): string {
  const more = names.slice(1).filter((name) => !usage.includes(name))
  const text = `${help}${more.length > 0 ? ` (${more.join(', ')})` : ''}`
  return usage.length > USAGE_WIDTH
    ? `  ${usage}\n${' '.repeat(USAGE_WIDTH + 3)}${text}`
    : `  ${usage.padEnd(USAGE_WIDTH)} ${text}`
}
