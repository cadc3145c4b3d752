import { type Command, defineCommand } from '../command.ts'
import { daemonParameter, pidFileOption } from '../daemons/daemon-parameter.ts'

export const signal: Command = defineCommand({
  usage: 'signal <daemon> <signal>',
  summary: 'Sends a daemon a signal',
  examples: [
    ['signal poller USR1', 'its statistics go to its log'],
    ['signal poller HUP', 'as a terminal that closes, or a supervisor'],
    ['signal poller 12', 'by number'],
  ],
  details:
    'It reaches that very process, never another one that got its pid. A signal that the daemon does not handle, and that would end it, is refused.',
  parameters: {
    ...daemonParameter,
    signal: { type: 'string', demandOption: true, describe: 'Its name or number' },
  },
  options: {
    ...pidFileOption,
    force: {
      type: 'boolean',
      default: false,
      describe: 'Send it also where the daemon does not handle it, and it would end',
    },
  },
  load: async () => (await import('../signal/send-signal.ts')).sendSignal,
})
