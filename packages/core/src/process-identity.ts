import { readFileSync, readlinkSync } from 'node:fs'
import { constants } from 'node:os'

/**
 * Who a process is. A pid alone is used again by the system; together with the start time it names one
 * process for as long as the machine runs.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** As the system counts it: clock ticks since boot on Linux, a date elsewhere. Compare, don't compute. */
  readonly startTime: string
}

/**
 * @param pid - of any process.
 * @returns undefined when no process has that pid, or a zombie has it.
 * @throws the system's error when it will not say, for instance when no file can be opened (`EMFILE`): a
 * process must not be taken for dead because of that.
 */
export function readIdentity(pid: number): ProcessIdentity | undefined {
  const found = readStatus(pid)
  return found && !isEnded(found) ? { pid, startTime: found.startTime } : undefined
}

/** The same of a process that one has just started; undefined also when the system will not say. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    return readIdentity(pid)
  } catch {
    // No file descriptor left, for instance. It runs all the same.
    return undefined
  }
}

/**
 * Whether that very process still runs. A zombie does not.
 *
 * @throws as {@link readIdentity}.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  return readIdentity(identity.pid)?.startTime === identity.startTime
}

/**
 * Whether it is certain that this very process has ended. False also where the system will not say, or shows
 * other users' processes to nobody (the mount option `hidepid` of /proc).
 */
export function isKnownDead(identity: ProcessIdentity): boolean {
  try {
    const found = readStatus(identity.pid)
    if (found) return found.startTime !== identity.startTime || isEnded(found)
    // Signal 0 is no signal: it only asks whether there is such a process.
    process.kill(identity.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/**
 * Signals that very process, never another one that got its pid.
 *
 * @returns whether it was signalled.
 * @throws as {@link readIdentity}, and `EPERM` when the process belongs to somebody else.
 */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals | 0): boolean {
  if (!isAlive(identity)) return false
  try {
    return process.kill(identity.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Orders to end, and signals that by default end nothing. */
const NEVER_UNHEARD: ReadonlySet<string> = new Set([
  ...['SIGTERM', 'SIGINT', 'SIGKILL'],
  ...['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGCONT'],
  ...['SIGCHLD', 'SIGURG', 'SIGWINCH', 'SIGINFO'],
])

/** Node has handlers for some of them, which end the process all the same. */
const FAULTS: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL'])

/** What every daemon handles. */
const HANDLED_BY_DAEMONS: ReadonlySet<string> = new Set(['SIGHUP', 'SIGUSR1'])

/**
 * Whether a signal that is no order to end would end a process all the same: it neither handles nor ignores it, and that is
 * the system's default. Where the system does not tell, a process is taken to handle what every daemon does.
 */
export function wouldEndUnheard({ pid }: Pick<ProcessIdentity, 'pid'>, signal: NodeJS.Signals): boolean {
  if (NEVER_UNHEARD.has(signal)) return false
  if (FAULTS.has(signal)) return true
  if (pid === process.pid) return process.listenerCount(signal) === 0
  const heard = readHeardSignals(pid)
  if (heard === undefined) return !HANDLED_BY_DAEMONS.has(signal)
  return ((heard >> BigInt(constants.signals[signal] - 1)) & 1n) === 0n
}

/** The signals that a process handles or ignores, a bit each. @returns undefined where the system does not tell. */
function readHeardSignals(pid: number): bigint | undefined {
  if (process.platform !== 'linux') return undefined
  let status: string
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1')
  } catch {
    return undefined
  }
  // proc_pid_status(5)
  const masks = [...status.matchAll(/^Sig(?:Ign|Cgt):\s*([0-9a-f]+)$/gm)]
  return masks.length === 2 ? masks.reduce((all, [, mask]) => all | BigInt(`0x${mask}`), 0n) : undefined
}

interface ProcessStatus {
  readonly state: string
  readonly startTime: string
}

function readStatus(pid: number): ProcessStatus | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  return process.platform === 'linux' ? readFromProc(pid) : readFromPs(pid)
}

/** A zombie, or on its way out. */
function isEnded({ state }: ProcessStatus): boolean {
  return /^[ZXx]/.test(state)
}

function readFromProc(pid: number): ProcessStatus | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch (error) {
    // ESRCH: the process went away between open and read.
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
  return parseProcStat(stat)
}

/**
 * The second field is the command in parentheses, and may itself hold spaces and parentheses: count from the
 * last one. proc_pid_stat(5): state is field 3, starttime field 22.
 */
export function parseProcStat(stat: string): ProcessStatus {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0]!, startTime: fields[19]! }
}

function readFromPs(pid: number): ProcessStatus | undefined {
  // Asked for here and not imported: where there is a /proc, nothing else would load it.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const { error, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  })
  if (error) throw error
  const [state, ...startTime] = stdout.trim().split(/\s+/)
  return state ? { state, startTime: startTime.join(' ') } : undefined
}

/**
 * Names the boot of the machine, for start times mean nothing in another; empty where the system does not tell. Not derived from the wall clock, which jumps: `kern.boottime` jumps with it.
 */
export function readBoot(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    if (process.platform === 'darwin') {
      const { execFileSync } = process.getBuiltinModule('node:child_process')
      return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim()
    }
  } catch {
    // Without it nobody's death can be proved, and ttls count.
  }
  return ''
}

/**
 * Names a namespace of this process, as in `pid:[4026531836]`; empty where there are none. Two containers may share a file and a
 * kernel, and still count pids, or time, differently.
 *
 * @param kind - as in `/proc/self/ns`: `pid`, `time`.
 */
export function readNamespace(kind: string): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`)
  } catch {
    return ''
  }
}
