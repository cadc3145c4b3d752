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

/** The processes in whose environment a variable begins so, and its owner: what follows, up to the first `-`. Linux only. */
export function findOwned(marker: string): { readonly pid: number; readonly owner: string }[] {
  return pids().flatMap((pid) => {
    const variable = read(`/proc/${pid}/environ`)
      ?.split('\0')
      .find((each) => each.startsWith(marker))
    return variable ? [{ pid, owner: variable.slice(marker.length).split('-')[0]! }] : []
  })
}

/** When a process that lives started, in clock ticks since the system did. Undefined elsewhere than on Linux. */
export function startOf(pid: number): string | undefined {
  const fields = statOf(pid)
  return fields?.[0] === 'Z' ? undefined : fields?.[19]
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
  const fields = statOf(pid)
  if (!fields) return undefined
  const [state, ppid] = fields
  const command =
    read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() || read(`/proc/${pid}/comm`) || '?'
  return { pid, ppid: Number(ppid), state: state!, command }
}

/** The fields of proc_pid_stat(5) from the third on: the state. */
function statOf(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`)
  // The command may hold spaces and parentheses: count the fields from the last one.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Undefined when the process went away, or belongs to somebody else. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
