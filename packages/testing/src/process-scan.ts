import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A process as the system shows it. */
export interface SeenProcess {
  readonly pid: number
  readonly ppid: number
  readonly state: string
  readonly command: string
}

/** The processes, zombies too, that carry `marker` in their environment. */
export function findMarkedProcesses(marker: string): SeenProcess[] {
  const marked = process.platform === 'linux' ? fromProc : fromPs
  return marked(marker).filter(({ pid }) => pid !== process.pid)
}

/** The children of this process that have ended and were not reaped. */
export function findZombies(): SeenProcess[] {
  if (process.platform !== 'linux') return []
  return pids()
    .map(look)
    .filter((seen) => seen !== undefined)
    .filter(({ ppid, state }) => ppid === process.pid && state === 'Z')
}

function fromProc(marker: string): SeenProcess[] {
  return pids()
    .filter((pid) => read(`/proc/${pid}/environ`)?.split('\0').includes(marker))
    .map(look)
    .filter((seen) => seen !== undefined)
}

function fromPs(marker: string): SeenProcess[] {
  const { stdout } = spawnSync('ps', ['eww', '-A', '-o', 'pid=,ppid=,stat=,command='], { encoding: 'utf8' })
  return stdout
    .split('\n')
    .filter((line) => line.includes(marker))
    .map((line) => {
      const [pid, ppid, state, ...command] = line.trim().split(/\s+/)
      return { pid: Number(pid), ppid: Number(ppid), state: state!, command: command.join(' ') }
    })
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function look(pid: number): SeenProcess | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command may hold spaces and parentheses: count the fields from the last one.
  const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const command = read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() || stat.slice(0, 40)
  return { pid, ppid: Number(ppid), state: state!, command }
}

/** Undefined when the process went away, or belongs to somebody else. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
