import { type Command, defineCommand } from '../command.ts'

export const list: Command = defineCommand({
  usage: 'list',
  summary: 'Every daemon of this user: pid, state, uptime, processes, memory',
  examples: [
    ['list', 'shows those that run, and those that have crashed'],
    ['list --all', 'and those that have stopped'],
    ["list --json | jq -r '.[].name'", 'for programs'],
  ],
  options: {
    all: { type: 'boolean', alias: 'a', default: false, describe: 'List those that have stopped, too' },
  },
  load: async () => (await import('../list/list-daemons.ts')).listAllDaemons,
})
