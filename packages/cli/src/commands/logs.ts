import { type Command, defineCommand } from '../command.ts'
import { daemonParameter } from '../daemons/daemon-parameter.ts'

export const logs: Command = defineCommand({
  usage: 'logs <daemon>',
  summary: "The last lines of a daemon's log",
  examples: [
    ['logs poller', 'the last 20'],
    ['logs poller -n 100 -f', 'the last 100, and all that come'],
    ['logs poller -f --json', 'a JSON document a line'],
  ],
  details:
    'A daemon keeps its last 200 records for this. Of one that does not run, the log that sd-cli gave it is shown.',
  parameters: daemonParameter,
  options: {
    follow: {
      type: 'boolean',
      alias: 'f',
      default: false,
      describe: 'Go on with what comes, across restarts',
    },
    lines: {
      type: 'number',
      alias: 'n',
      default: 20,
      requiresArg: true,
      describe: 'How many lines, at most 100000',
    },
  },
  load: async () => (await import('../logs/show-logs.ts')).showLogs,
})
