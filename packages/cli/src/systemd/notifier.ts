/** Milliseconds that systemd may take to read a message. */
const LIMIT = 5000

/** Tells systemd things, one after the other, in the order in which they were said. */
export interface Notifier {
  /** Whether something is on its way. */
  readonly busy: boolean
  /** @param assignments - as in sd_notify(3): `READY=1`. */
  send(assignments: readonly string[]): void
  /** Resolves when all that was said is delivered, or has failed. */
  flush(): Promise<void>
}

/**
 * Node has no datagram sockets of the unix kind, and so it is said by `systemd-notify`, which returns when systemd has
 * read it.
 *
 * @param socket - where systemd listens.
 * @param onFailure - told each time that it could not be said.
 */
export function createNotifier(socket: string, onFailure: (problem: string) => void): Notifier {
  let last: Promise<void> = Promise.resolve()
  let pending = 0
  return {
    get busy() {
      return pending > 0
    },
    send(assignments) {
      pending++
      last = last
        .then(() => runSystemdNotify(socket, assignments))
        .catch((error: Error) => onFailure(error.message))
        .finally(() => pending--)
    },
    flush: () => last,
  }
}

function runSystemdNotify(socket: string, assignments: readonly string[]): Promise<void> {
  const options = {
    env: { PATH: process.env.PATH, NOTIFY_SOCKET: socket },
    timeout: LIMIT,
    killSignal: 'SIGKILL',
  } as const
  return new Promise((resolve, reject) => {
    // Asked for here and not imported: who has no systemd would load it for nothing.
    const { execFile } = process.getBuiltinModule('node:child_process')
    execFile('systemd-notify', [...assignments], options, (error, _, said) => {
      if (!error) resolve()
      else reject(new Error(explain(error, said)))
    })
  })
}

function explain(
  { code, killed, message }: Error & { code?: unknown; killed?: boolean },
  said: string,
): string {
  if (code === 'ENOENT') return 'there is no systemd-notify on the PATH; it comes with systemd'
  if (killed) return `systemd-notify has not ended within ${LIMIT} ms`
  return said.trim() || message
}
