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
    }))
    return { pid: process.pid, role: 'daemon', memory: process.memoryUsage.rss(), children }
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
