import { type Command, defineCommand } from '../command.ts'

export const install: Command = defineCommand({
  usage: 'install <file> [args..]',
  summary: 'Prints what a person must do to install a daemon',
  examples: [
    ['install poller.ts', "prints the daemon's own instructions"],
    ["install poller.ts --json | jq -r '.instructions[]'", 'for programs'],
    ['init systemd poller.ts --install', 'what installs it as a service'],
  ],
  details:
    'The instructions are those of its plugins and its own (installInstructions). Nothing is started or changed.',
  parameters: {
    file: { type: 'string', demandOption: true, describe: "The daemon's file: .ts or .js" },
    args: { type: 'string', array: true, default: [], describe: 'For the daemon' },
  },
  takesRest: true,
  passesOptions: true,
  load: async () => (await import('../install/print-instructions.ts')).printInstructionsOf,
})
