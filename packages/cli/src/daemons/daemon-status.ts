import type { Json } from '@sd/core'
import {
  answerError,
  asFacts,
  asList,
  asNumber,
  asNumberOrNull,
  asText,
  asTextOrNull,
  type Facts,
  isFacts,
} from './read-facts.ts'

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

/**
 * Takes an answer to `status` for what it should be.
 *
 * @throws SdError `SD_CONTROL_PROTOCOL` where it does not tell whose status it is.
 */
export function readStatus(answer: Json): DaemonStatus {
  const { name, pid, state } = asFacts(answer)
  const isStatus = typeof name === 'string' && typeof state === 'string' && Number.isSafeInteger(pid)
  if (!isStatus) throw answerError('status')
  return asStatus(answer)
}

/** The same, whatever it is. What a daemon of another version does not tell is null, zero or empty, or state `unknown`. */
export function asStatus(answer: Json): DaemonStatus {
  const given = asFacts(answer)
  const [loop, memory] = [asFacts(given.loop), asFacts(given.memory)]
  const { children, ...own } = asFacts(given.processes)
  return {
    protocol: asNumber(given.protocol),
    name: asText(given.name),
    pid: asNumber(given.pid),
    state: asTextOrNull(given.state) ?? 'unknown',
    program: asTextOrNull(given.program),
    node: asText(given.node),
    packages: asFacts(given.packages) as DaemonStatus['packages'],
    uptime: asNumber(given.uptime),
    startTime: asTextOrNull(given.startTime),
    restarts: asNumber(given.restarts),
    canRestart: given.canRestart === true,
    loop: {
      iterations: asNumber(loop.iterations),
      overruns: asNumber(loop.overruns),
      meanDuration: asNumber(loop.meanDuration),
      meanIdle: asNumber(loop.meanIdle),
      busy: asNumber(loop.busy),
    },
    memory: { rss: asNumber(memory.rss), heapUsed: asNumber(memory.heapUsed) },
    ...(isFacts(given.logFile) && { logFile: readLogFile(given.logFile) }),
    processes: { ...readProcess(own), children: asList(children).map(readProcess) },
    plugins: asFacts(given.plugins),
    log: asList(given.log) as unknown as readonly LogLine[],
  }
}

function readLogFile(given: Facts): NonNullable<DaemonStatus['logFile']> {
  return {
    path: asTextOrNull(given.path),
    dropped: asNumber(given.dropped),
    problem: asTextOrNull(given.problem),
  }
}

function readProcess(given: Facts): DaemonProcess {
  const uptime = asNumberOrNull(given.uptime)
  return {
    pid: asNumber(given.pid),
    role: asText(given.role),
    memory: asNumberOrNull(given.memory),
    ...(uptime !== null && { uptime }),
  }
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
