import { type Command, defineCommand } from '../command.ts'

export const signals: Command = defineCommand({
  usage: 'signals [target]',
  summary: 'A console from which signals are sent to a daemon, or any process',
  examples: [
    ['signals poller', 'attaches to a daemon: type HUP, usr1, 15, !! for the same again'],
    ['signals 4711', 'attaches to a process'],
    ["signals poller <<< 'USR1'", 'sends what stdin says'],
  ],
  details: 'To send one signal there is: sd-cli signal NAME SIGNAL',
  parameters: {
    target: { type: 'string', describe: 'A pid; or the name of a daemon, its file, its control socket' },
  },
  load: async () => (await import('../signals/signal-console.ts')).openSignalConsole,
})
