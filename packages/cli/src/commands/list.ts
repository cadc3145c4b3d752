import { type Command, defineCommand } from '../command.ts'

export const list: Command = defineCommand({
  usage: 'list',
  summary: 'Every daemon of this user: pid, state, uptime, processes, memory',
  examples: [
    ['list', 'shows a table'],
    ["list --json | jq -r '.[].name'", 'for programs'],
  ],
  load: async () => (await import('../list/list-daemons.ts')).listAllDaemons,
})
