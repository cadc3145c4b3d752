import { readdirSync, readFileSync } from 'node:fs'

/** How many files and sockets this process may have open, and has. */
export interface FileLimit {
  readonly limit: number
  readonly used: number
}

/** @returns undefined where the system does not tell, or there is no limit. */
export function readFileLimit(): FileLimit | undefined {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return match ? { limit: Number(match[1]), used: readdirSync('/proc/self/fd').length } : undefined
  } catch {
    return undefined
  }
}

/**
 * How many clients there is room for. Some files are left for the daemon itself: its log, its child processes.
 * Beyond the limit itself nobody is told anything: the system library closes a connection that it cannot take.
 */
export function clientsWithin({ limit, used }: FileLimit): number {
  const reserve = Math.min(64, Math.ceil(limit / 8))
  return Math.max(1, limit - used - reserve)
}
