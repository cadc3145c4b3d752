export { exitCodes, statusCodes } from './exit-codes.ts'
export { runFromCommandLine } from './run/run-from-command-line.ts'
export { type SystemdNotifyService, systemdNotify } from './systemd/systemd-notify.ts'
