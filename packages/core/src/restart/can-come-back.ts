import { readFileSync } from 'node:fs'

/** How a process stands towards the one that started it. */
export interface Standing {
  readonly pid: number
  readonly ppid: number
  /** Whether it has a controlling terminal: Ctrl-C there reaches it, and it ends with it. */
  readonly hasTerminal: boolean
  /** Whether it is the first of its session, as everything is that was detached or started by an init system. */
  readonly leadsSession: boolean
}

/**
 * Whether a process runs detached or supervised, so that it may replace itself. In a plain shell nobody would
 * expect it to come back, so in doubt it may not: `SD_SUPERVISED=1` (or 0) decides where this cannot tell.
 *
 * @param standing - read only when the environment does not say.
 */
export function canComeBack(
  env: Readonly<Record<string, string | undefined>> = process.env,
  standing: () => Standing | undefined = readStanding,
): boolean {
  if (env.SD_SUPERVISED === '1') return true
  if (env.SD_SUPERVISED === '0') return false
  const found = standing()
  if (!found || found.hasTerminal) return false
  // Process 1 is an init system, or the main process of a container, and adopts whoever has lost its parent.
  // systemd tells in SYSTEMD_EXEC_PID whom it has started itself: INVOCATION_ID also reaches a user's shells.
  return (
    found.leadsSession || found.ppid === 1 || found.pid === 1 || env.SYSTEMD_EXEC_PID === String(found.pid)
  )
}

/** @returns undefined where the system will not say. */
function readStanding(): Standing | undefined {
  if (process.platform === 'win32') return undefined
  try {
    return process.platform === 'linux'
      ? parseStanding(readFileSync('/proc/self/stat', 'latin1'))
      : askForStanding()
  } catch {
    return undefined
  }
}

/** proc_pid_stat(5): ppid is field 4, session 6, tty_nr 7. The second may hold spaces: count from its end. */
export function parseStanding(stat: string): Standing {
  const pid = Number.parseInt(stat, 10)
  const [, ppid, , session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid, ppid: Number(ppid), hasTerminal: terminal !== '0', leadsSession: Number(session) === pid }
}

/** ps(1) of the BSDs and macOS: `s` in the state stands for a session leader, `?` for no terminal. */
function askForStanding(): Standing {
  // Asked for here and not imported: worker processes load this file too, and never come here.
  const { execFileSync } = process.getBuiltinModule('node:child_process')
  const { pid, ppid } = process
  const answer = execFileSync('ps', ['-o', 'tty=,stat=', '-p', String(pid)], { encoding: 'utf8' })
  const [terminal = '', state = ''] = answer.trim().split(/\s+/)
  return { pid, ppid, hasTerminal: !/^[?-]/.test(terminal), leadsSession: state.includes('s') }
}
