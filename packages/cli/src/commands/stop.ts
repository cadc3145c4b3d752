import { type Command, defineCommand } from '../command.ts'
import { daemonParameter, pidFileOption } from '../daemons/daemon-parameter.ts'

export const stop: Command = defineCommand({
  usage: 'stop <daemon>',
  summary: 'Stops a daemon, and waits until it has gone',
  examples: [
    ['stop poller', 'lets it finish what it does'],
    ['stop poller --timeout 5 --force', 'kills it when that takes more than 5 s'],
    ['stop poller.ts', 'by its file'],
    ['stop poller -p /run/poller.pid', 'by its pid file, where nothing else is left of it'],
  ],
  details: 'Exit code 0 also where it does not run.',
  parameters: daemonParameter,
  options: {
    ...pidFileOption,
    timeout: {
      type: 'number',
      default: 60,
      requiresArg: true,
      describe: 'Seconds that it may take; 0: no limit',
    },
    force: { type: 'boolean', default: false, describe: 'Kill it when the time is over' },
  },
  load: async () => (await import('../stop/stop-daemon.ts')).stopDaemon,
})
