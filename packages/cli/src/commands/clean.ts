import { type Command, defineCommand } from '../command.ts'

export const clean: Command = defineCommand({
  usage: 'clean [daemon]',
  summary: 'Removes what dead daemons have left: pid files, sockets, locks',
  examples: [
    ['clean', 'shows what there is, and asks'],
    ['clean poller --yes', 'that of one, without asking'],
    ['clean --dry-run --json', 'only looks, for programs'],
    ['clean --dir /srv/poller/run', 'in another place, too'],
    ['clean --segment poller', 'a segment of shared memory instead'],
  ],
  details:
    'Only what is known to be of a process that has ended: nothing that is alive, belongs to another user, is a link, or is not known. Each is looked at again right before it is removed. Shared memory is data: a segment is removed only by its name, and only when no process runs that has used it.',
  parameters: { daemon: { type: 'string', describe: "Only this daemon's" } },
  options: {
    yes: { type: 'boolean', alias: 'y', default: false, describe: 'Do not ask' },
    'dry-run': { type: 'boolean', default: false, describe: 'Remove nothing' },
    dir: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Look here, too, besides the run directory',
    },
    segment: {
      type: 'string',
      array: true,
      requiresArg: true,
      conflicts: ['dir', 'daemon'],
      describe: 'Remove this segment of shared memory, and nothing else',
    },
  },
  load: async () => (await import('../clean/clean-up.ts')).cleanUp,
})
