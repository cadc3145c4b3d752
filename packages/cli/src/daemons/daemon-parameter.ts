/** The parameter of every command about one daemon. */
export const daemonParameter = {
  daemon: { type: 'string', demandOption: true, describe: 'Its name, its file, or its control socket' },
} as const

/** For daemons that have nothing else to be found by. */
export const pidFileOption = {
  'pid-file': {
    type: 'string',
    alias: 'p',
    requiresArg: true,
    describe: 'Its pid file, where it was given one',
  },
} as const
