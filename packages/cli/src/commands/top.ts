import { type Command, defineCommand } from '../command.ts'

export const top: Command = defineCommand({
  usage: 'top <name>',
  summary: 'A live view of a daemon: processes, pools, calls; signals and restarts it',
  examples: [
    ['top poller', 'shows it, each second; h in it shows the keys'],
    ['top poller --json --count 1', 'prints one snapshot'],
  ],
  parameters: {
    name: { type: 'string', demandOption: true, describe: 'The daemon, or the path of its control socket' },
  },
  options: {
    interval: { type: 'number', default: 1, describe: 'Seconds between two looks' },
    count: { type: 'number', describe: 'With --json: end after so many snapshots' },
  },
  load: async () => (await import('../top/top.ts')).showTop,
})
