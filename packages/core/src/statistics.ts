import type { Json } from './json.ts'
import type { LifecycleState } from './lifecycle.ts'
import type { LoopStatistics } from './loop.ts'

/** What `daemon.inspect()` returns, and SIGUSR1 writes to the log. */
export interface DaemonStatistics {
  readonly name: string
  readonly pid: number
  readonly state: LifecycleState
  /** Milliseconds since `run` was called. */
  readonly uptime: number
  /** How often the daemon was restarted since somebody started it. */
  readonly restarts: number
  /** Milliseconds between two iterations, as it is at present; null in block mode. */
  readonly interval: number | null
  /** The nice value of the process, from -20 (first) to 19 (last). */
  readonly priority: number
  /** The name of the user that it runs as, or the user's id where the system has no name for it. */
  readonly user: string
  readonly loop: LoopStatistics
  /** Bytes. */
  readonly memory: { readonly rss: number; readonly heapUsed: number }
  /** The log's file. */
  readonly logFile: {
    /** Where it is written at present, absolute; null where the log is no file. */
    readonly path: string | null
    /** How many messages were dropped since the start, because the file could not be written. */
    readonly dropped: number
    /** Why it cannot be written at present. */
    readonly problem: string | null
  }
  /** Each plugin's `inspect()`. */
  readonly plugins: Readonly<Record<string, Json>>
}

/** The statistics as indented text: one fact a line, keys before values. */
export function formatStatistics(statistics: DaemonStatistics): string {
  return ['Statistics', ...formatValue(statistics as unknown as Json, 1)].join('\n')
}

function formatValue(value: Json, depth: number): string[] {
  const entries = Array.isArray(value)
    ? value.map((item, index) => [`#${index + 1}`, item] as const)
    : Object.entries(value as Record<string, Json>)
  return entries.flatMap(([key, item]) => {
    const indent = '  '.repeat(depth)
    if (item === undefined) return []
    if (typeof item === 'object' && item !== null) {
      const lines = formatValue(item, depth + 1)
      return lines.length > 0 ? [`${indent}${key}`, ...lines] : [`${indent}${key}: none`]
    }
    return [`${indent}${key}: ${typeof item === 'number' ? formatNumber(item) : item}`]
  })
}

function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3)
}
