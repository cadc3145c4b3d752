import { type Command, defineCommand } from '../command.ts'

export const init: Command = defineCommand({
  usage: 'init [template] [file] [args..]',
  summary: 'Makes a service of a daemon: systemd, init.d, supervisord, launchd, Docker, cron',
  examples: [
    ['init', 'lists the templates'],
    ['init systemd poller.ts', 'prints a unit'],
    ['init systemd poller.ts --install --user poller', 'puts it where it belongs (as root)'],
    ['init systemd-user poller.ts --install', 'the same without root'],
    ['init crontab poller.ts --dry-run', 'shows what would be written where'],
    ['init dockerfile poller.ts -- --port 80', 'what follows -- is for the daemon'],
  ],
  parameters: {
    template: { type: 'string', describe: 'Which one; none: lists them' },
    file: { type: 'string', describe: "The daemon's file: .ts or .js" },
    args: { type: 'string', array: true, default: [], describe: 'For the daemon' },
  },
  options: {
    install: { type: 'boolean', default: false, describe: 'Write it where it belongs' },
    'dry-run': { type: 'boolean', default: false, describe: 'Show what would be written where' },
    force: { type: 'boolean', default: false, describe: 'Replace one that is different' },
    user: { type: 'string', requiresArg: true, describe: 'Whom it runs as. Default: you, also under sudo' },
    name: { type: 'string', requiresArg: true, describe: "The daemon's name: its file is not run to ask it" },
    cwd: { type: 'string', requiresArg: true, describe: "Where it runs. Default: the project's directory" },
    log: { type: 'string', requiresArg: true, describe: 'Where what it prints goes' },
    description: { type: 'string', requiresArg: true, describe: 'One line about it' },
    root: { type: 'string', requiresArg: true, describe: 'Install beneath this directory, for an image' },
  },
  takesRest: true,
  passesOptions: true,
  load: async () => (await import('../templates/run-init.ts')).runInit,
})
