import { type Command, defineCommand } from '../command.ts'
import { daemonParameter, pidFileOption } from '../daemons/daemon-parameter.ts'

export const restart: Command = defineCommand({
  usage: 'restart <daemon>',
  summary: 'Restarts a daemon in place, and waits until it runs again',
  examples: [
    ['restart poller', 'same pid, new code'],
    ['restart poller.ts', 'starts it where it does not run; what follows -- is for the daemon then'],
    ["restart poller --reason 'version 2'", 'for its log'],
  ],
  parameters: daemonParameter,
  options: {
    ...pidFileOption,
    reason: { type: 'string', requiresArg: true, describe: 'What its log says' },
    timeout: {
      type: 'number',
      default: 60,
      requiresArg: true,
      describe: 'Seconds that it may take; 0: no limit',
    },
    force: {
      type: 'boolean',
      default: false,
      describe: 'Kill one that does not answer, and start it anew',
    },
  },
  takesRest: true,
  load: async () => (await import('../restart/restart-daemon.ts')).restartDaemon,
})
