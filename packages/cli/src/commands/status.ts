import { type Command, defineCommand } from '../command.ts'
import { daemonParameter, pidFileOption } from '../daemons/daemon-parameter.ts'

export const status: Command = defineCommand({
  usage: 'status <daemon>',
  summary: 'How a daemon is: state, processes, loop, pools, lock, last end, last log lines',
  examples: [
    ['status poller', 'for people'],
    ['status poller --json | jq .loop', 'for programs'],
    ['status poller > /dev/null && echo up', 'by exit code'],
  ],
  details:
    'Exit code 0: it runs. 1: it is dead, and has left its pid file or socket. 3: it is stopped. 4: it lives, and does not answer, or waits to be tried again after a failure. Of one that does not run, the end of its last life is shown.',
  parameters: daemonParameter,
  options: {
    ...pidFileOption,
    lines: {
      type: 'number',
      alias: 'n',
      default: 10,
      requiresArg: true,
      describe: 'Lines of its log, at most 1000',
    },
  },
  load: async () => (await import('../status/show-status.ts')).showStatus,
})
