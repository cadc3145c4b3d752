import { readFileSync } from 'node:fs'
import type { Json, PluginHost } from '@sd/core'

/** A child process of the daemon. */
interface KnownChild {
  readonly pid: number
  readonly group: string
  readonly index: number
  /** Monotonic milliseconds. */
  readonly since: number
}

/** The daemon's child processes and what they are for, as the daemon's events tell. */
export class Children {
  readonly #host: PluginHost
  readonly #known = new Map<number, KnownChild>()

  constructor(host: PluginHost) {
    this.#host = host
    host.on('fork', ({ pid, group, index }) => {
      this.#known.set(pid, { pid, group, index, since: host.clock.now() })
    })
    host.on('reap', ({ pid }) => void this.#known.delete(pid))
  }

  /** The daemon's process, with its children below it. */
  tree(): Json {
    const now = this.#host.clock.now()
    const children = [...this.#known.values()].map(({ pid, group, index, since }) => ({
      pid,
      role: `${group} #${index}`,
      uptime: Math.round(now - since),
      memory: residentBytes(pid),
      cpu: processorTime(pid),
    }))
    const { user, system } = process.cpuUsage()
    const cpu = Math.round((user + system) / 1000)
    return { pid: process.pid, role: 'daemon', memory: process.memoryUsage.rss(), cpu, children }
  }
}

/** Milliseconds of the kernel's clock tick: what it calls USER_HZ is 100 wherever Node runs. */
const TICK = 10

/** Milliseconds that a process has used of all processors, null where the system does not show it. */
function processorTime(pid: number): number | null {
  if (process.platform !== 'linux') return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command may hold spaces and parentheses. proc_pid_stat(5): utime and stime are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK
  } catch {
    return null
  }
}

/** Memory that a process has in RAM, bytes; null where the system does not show it. */
function residentBytes(pid: number): number | null {
  if (process.platform !== 'linux') return null
  try {
    const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    return found ? Number(found[1]) * 1024 : null
  } catch {
    return null
  }
}
