export { exitCodes, statusCodes } from './exit-codes.ts'
export { type SystemdNotifyService, systemdNotify } from './systemd/systemd-notify.ts'
