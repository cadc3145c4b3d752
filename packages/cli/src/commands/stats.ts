import { type Command, defineCommand } from '../command.ts'
import { daemonParameter } from '../daemons/daemon-parameter.ts'

export const stats: Command = defineCommand({
  usage: 'stats <daemon>',
  summary: "A daemon's statistics, and each plugin's",
  examples: [
    ['stats poller', 'for people'],
    ['stats poller --json | jq .memory', 'for programs'],
  ],
  parameters: daemonParameter,
  load: async () => (await import('../stats/show-stats.ts')).showStats,
})
