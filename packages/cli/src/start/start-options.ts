/** What only a start in the background has. */
export const startOptions = {
  cwd: { type: 'string', requiresArg: true, describe: 'Run in this directory, not in the present one' },
  umask: {
    type: 'string',
    requiresArg: true,
    describe: 'Octal, for instance 077. Default: the present one, at least 022',
  },
  timeout: {
    type: 'number',
    default: 60,
    requiresArg: true,
    describe: 'Seconds that the start may take; 0: no limit',
  },
} as const
