import { type Command, defineCommand } from '../command.ts'
import { launchOptions } from '../launch/switches.ts'
import { startOptions } from '../start/start-options.ts'

export const start: Command = defineCommand({
  usage: 'start <file> [args..]',
  summary: 'Starts a daemon in the background, and waits until it is ready',
  examples: [
    ['start poller.ts', 'returns when its setup is done'],
    ['start poller.ts --log /var/log/poller.log', 'logs to a file of your choice'],
    ['start poller.ts -p /run/poller.pid', 'with a pid file'],
    ['start poller.ts --cwd /srv/poller', 'in another directory'],
    ['start poller.ts -- --port 80', 'what follows -- is for the daemon'],
  ],
  details:
    'A daemon that runs already is left alone. One that fails to start has its reason and its last log lines shown, and the exit code is 1.',
  parameters: {
    file: { type: 'string', demandOption: true, describe: "The daemon's file: .ts or .js" },
    args: { type: 'string', array: true, default: [], describe: 'For the daemon' },
  },
  options: { ...launchOptions, ...startOptions },
  takesRest: true,
  passesOptions: true,
  load: async () => (await import('../start/start-file.ts')).startFile,
})
