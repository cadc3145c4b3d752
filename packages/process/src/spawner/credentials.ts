import { readFileSync } from 'node:fs'

/** Who this process is to the system: children started by another process must not be somebody else. */
export function readCredentials(): string {
  const { getuid, geteuid, getgid, getegid, getgroups } = process
  return JSON.stringify([getuid?.(), geteuid?.(), getgid?.(), getegid?.(), getgroups?.()])
}

/** The mask for new files. `process.umask()` would set it to tell it, for all threads. */
export function readUmask(): number {
  const status = readFileSync('/proc/self/status', 'latin1')
  return Number.parseInt(/^Umask:\s*(\d+)$/m.exec(status)?.[1] ?? '22', 8)
}
