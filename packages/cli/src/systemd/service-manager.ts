/** What systemd has told this process in its environment. */
export interface ServiceManager {
  /** Where it listens: a path, or with an `@` an abstract socket. */
  readonly socket: string
  /** Milliseconds within which it wants a sign of life; undefined: it does not watch this process. */
  readonly watchdog: number | undefined
  /** The variables, as they were. */
  readonly variables: Readonly<Record<string, string>>
}

/** Meant for this process alone: a child that had them would speak in its name, or be watched for it. */
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const

/**
 * Reads who supervises this process, and takes it out of the environment, so that no child inherits it.
 *
 * @returns undefined where nobody wants to be notified.
 */
export function takeServiceManager(
  env: NodeJS.ProcessEnv = process.env,
  pid: number = process.pid,
): ServiceManager | undefined {
  const variables: Record<string, string> = {}
  for (const name of VARIABLES) {
    if (env[name] !== undefined) variables[name] = env[name]
    delete env[name]
  }
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC, WATCHDOG_PID } = variables
  // sd_notify(3): a path, an abstract socket, or one of vsock, which systemd-notify knows about.
  if (!socket || !/^([/@]|vsock)/.test(socket)) return undefined
  const isWatched = WATCHDOG_PID === undefined || WATCHDOG_PID === '' || Number(WATCHDOG_PID) === pid
  const period = Number(WATCHDOG_USEC) / 1000
  return {
    socket,
    variables,
    watchdog: isWatched && period > 0 && Number.isFinite(period) ? period : undefined,
  }
}

/** Puts the variables back, for who comes next in this process. */
export function giveBackServiceManager(
  { variables }: ServiceManager,
  env: NodeJS.ProcessEnv = process.env,
): void {
  Object.assign(env, variables)
}
