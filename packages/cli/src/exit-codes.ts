/** The exit codes of `sd-cli`. */
export const exitCodes = Object.freeze({
  ok: 0,
  error: 1,
  usage: 2,
  permission: 4,
  notRunning: 7,
})

/** What `status` says by its exit code (those of LSB init scripts). */
export const statusCodes = Object.freeze({
  running: 0,
  /** Dead, but its pid file or socket is there. */
  dead: 1,
  stopped: 3,
  /** It lives, and does not do its work: it does not answer, or has not started (again) yet. */
  unhealthy: 4,
})

const BY_ERROR: Readonly<Record<string, number>> = {
  SD_CLI_USAGE: exitCodes.usage,
  SD_CORE_ARGUMENTS: exitCodes.usage,
  SD_CONTROL_PERMISSION: exitCodes.permission,
  SD_CLI_PERMISSION: exitCodes.permission,
  EACCES: exitCodes.permission,
  EPERM: exitCodes.permission,
  SD_CONTROL_NOT_RUNNING: exitCodes.notRunning,
  SD_CLI_NOT_RUNNING: exitCodes.notRunning,
}

/** The exit code that an error comes to. One that a daemon has answered with says nothing about this command. */
export function exitCodeOf(error: unknown): number {
  const { code, rpcCode } = Object(error) as { code?: unknown; rpcCode?: unknown }
  const known = rpcCode === undefined && typeof code === 'string' && Object.hasOwn(BY_ERROR, code)
  return known ? BY_ERROR[code]! : exitCodes.error
}
