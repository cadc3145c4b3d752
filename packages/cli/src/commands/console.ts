import { type Command, defineCommand } from '../command.ts'
import { daemonParameter } from '../daemons/daemon-parameter.ts'

export const console: Command = defineCommand({
  usage: 'console <daemon>',
  summary: 'Attaches this terminal to the debug console of a daemon',
  examples: [['console poller', 'until end, or Ctrl-D']],
  details: 'The daemon must allow it, with the plugin debugConsole() of @sd/debug-console.',
  parameters: daemonParameter,
  load: async () => (await import('../console/attach-to-daemon.ts')).attachToDaemon,
})
