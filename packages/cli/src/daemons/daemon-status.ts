/** A process of a daemon, as the control method `status` tells of it. */
export interface DaemonProcess {
  readonly pid: number
  /** `daemon`, `primes #2`. */
  readonly role: string
  /** Bytes; null where the system does not show it. */
  readonly memory: number | null
  /** Milliseconds. */
  readonly uptime?: number
}

/** A record of the log. */
export interface LogLine {
  readonly time: string
  readonly pid: number
  readonly label: string
  readonly level: string
  readonly message: string
}

/** What the control method `status` answers. */
export interface DaemonStatus {
  readonly protocol: number
  readonly name: string
  readonly pid: number
  /** The file that it runs. */
  readonly program: string | null
  readonly node: string
  readonly packages: Readonly<Record<string, string>>
  readonly state: string
  /** Milliseconds. */
  readonly uptime: number
  readonly startTime: string | null
  readonly restarts: number
  readonly canRestart: boolean
  readonly loop: {
    readonly iterations: number
    readonly overruns: number
    /** Milliseconds. */
    readonly meanDuration: number
    /** Milliseconds. */
    readonly meanIdle: number
    /** The share of the time that the loop is busy, 0 to 1. */
    readonly busy: number
  }
  readonly memory: { readonly rss: number; readonly heapUsed: number }
  /** Not told by daemons of earlier versions. */
  readonly logFile?: {
    readonly path: string | null
    /** Messages that could not be written. */
    readonly dropped: number
    /** Why it cannot be written at present. */
    readonly problem: string | null
  }
  readonly processes: DaemonProcess & { readonly children: readonly DaemonProcess[] }
  readonly plugins: Readonly<Record<string, unknown>>
  readonly log: readonly LogLine[]
}

/** The daemon's process, and its children. */
export function listProcesses({ processes }: DaemonStatus): DaemonProcess[] {
  return [processes, ...processes.children]
}

/** What is wrong with its log; undefined when all is well. */
export function describeLogProblem({ logFile }: DaemonStatus): string | undefined {
  if (!logFile || (logFile.problem === null && logFile.dropped === 0)) return undefined
  const dropped = `${logFile.dropped} ${logFile.dropped === 1 ? 'message' : 'messages'} dropped`
  return logFile.problem === null ? dropped : `cannot be written: ${logFile.problem}, ${dropped}`
}

/** Bytes of the daemon and its children, as far as the system shows them. */
export function sumMemory(status: DaemonStatus): number {
  return listProcesses(status).reduce((sum, { memory }) => sum + (memory ?? 0), 0)
}
