import { type Command, defineCommand } from '../command.ts'
import { launchOptions } from '../launch/switches.ts'
import { programOptions } from '../run/program-options.ts'
import { startOptions } from '../start/start-options.ts'

export const run: Command = defineCommand({
  usage: 'run <file> [args..]',
  summary: 'Runs a daemon in the foreground',
  examples: [
    ['run poller.ts', 'until Ctrl-C'],
    ['run poller.ts --verbose', 'with debug messages'],
    ['run poller.ts --debugworkers', 'with breakpoints in this terminal'],
    ['run poller.ts -d -p /run/poller.pid', 'in the background: as start does'],
    ['run poller.ts -- --port 80', 'what follows -- is for the daemon'],
  ],
  parameters: {
    file: { type: 'string', demandOption: true, describe: "The daemon's file: .ts or .js" },
    args: { type: 'string', array: true, default: [], describe: 'For the daemon' },
  },
  options: { ...launchOptions, ...programOptions, ...startOptions },
  takesRest: true,
  passesOptions: true,
  load: async () => (await import('../run/run-file.ts')).runFile,
})
