import { type Command, defineCommand } from '../command.ts'
import { daemonParameter } from '../daemons/daemon-parameter.ts'

export const top: Command = defineCommand({
  usage: 'top <daemon>',
  summary: 'A live view of a daemon: processes, pools, calls; signals and restarts it',
  examples: [
    ['top poller', 'shows it, each second; h in it shows the keys'],
    ['top poller --json --count 1', 'prints one snapshot'],
  ],
  parameters: daemonParameter,
  options: {
    interval: { type: 'number', default: 1, requiresArg: true, describe: 'Seconds between two looks' },
    count: { type: 'number', requiresArg: true, describe: 'With --json: end after so many snapshots' },
  },
  load: async () => (await import('../top/top.ts')).showTop,
})
