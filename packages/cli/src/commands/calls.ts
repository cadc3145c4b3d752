import { type Command, defineCommand } from '../command.ts'
import { daemonParameter } from '../daemons/daemon-parameter.ts'

export const calls: Command = defineCommand({
  usage: 'calls <daemon>',
  summary: 'What the workers of a daemon do now, for how long, and on which pid',
  examples: [
    ['calls poller', 'a table'],
    ["calls poller --json | jq '.calls[] | select(.age > 60000)'", 'those that take long'],
  ],
  parameters: daemonParameter,
  load: async () => (await import('../calls/show-calls.ts')).showCalls,
})
