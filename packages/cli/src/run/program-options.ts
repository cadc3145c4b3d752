/** The original's other switches: about the program, instead of running it in this terminal. */
export const programOptions = {
  d: { type: 'boolean', alias: 'detach', describe: 'Run in the background, as start does' },
  i: { type: 'boolean', describe: 'Print how to install the daemon' },
  I: { type: 'string', requiresArg: true, describe: 'Print a service definition: systemd, init.d, ...' },
  install: { type: 'boolean', describe: 'With -I: put it where it belongs' },
} as const
